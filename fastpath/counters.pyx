"""Drop reasons as people read them. A reason's number is its place in this table."""

REASONS: tuple[tuple[str, str], ...] = (
    ("runt", "the frame is shorter than an Ethernet header (14 octets)"),
    ("oversize", "the frame is longer than 65,549 octets"),
    ("sliced", "the capture kept only a part of the frame (snaplen), and a part cannot be forwarded"),
    ("bad offload", "the offload facts that came with the frame do not fit its octets"),
    ("invalid source", "the source address is a group address or all zero, which no station may send from"),
    ("reserved address", "the destination is 01:80:C2:00:00:00 to 0F, which a bridge never forwards (802.1D 7.12.6)"),
    ("same port", "the destination is on the port the frame came from"),
    ("no other port", "there is no other port to send the frame to"),
    ("isolated", "both ports are isolated, and isolated ports never exchange frames"),
    ("mtu", "the frame is larger than the MTU of the port it was to leave by"),
    ("hop budget", "the frame passed 32 nodes in one turn: the wiring has a loop"),
    ("turn budget", "the copies of this frame in one turn used up their budget: the wiring has a loop of floods"),
    ("unconnected", "nothing is connected where the frame was sent to"),
    ("port down", "the device is administratively down, or its peer is"),
    ("port gone", "the device or its namespace no longer exists"),
    ("queue full", "the device had no room for the frame at that moment"),
    ("outbox full", "the memory for frames waiting to be collected is used up: collect them more often"),
    ("write refused", "the kernel refused the frame for a reason of its own"),
    ("not ip", "the frame was for the gateway, and is neither IP nor ARP"),
    ("bad arp", "the ARP packet is malformed, or says what no neighbor may say (RFC 826)"),
    ("bad nd", "the neighbor discovery message is malformed, or did not come from a neighbor (RFC 4861, 7.1)"),
    ("bad ip header", "version, header length or extension headers are wrong, or cut short"),
    ("bad ip checksum", "the IPv4 header's checksum is wrong"),
    ("bad ip length", "the packet is longer than the frame that brought it, or shorter than its own header"),
    ("source route", "the packet has a source route (RFC 7126, 4.3; RFC 5095)"),
    ("group frame", "an IP packet for one host came in a frame for a group (RFC 1812, 5.3.4)"),
    ("martian source", "no host may send from this source address (RFC 1812, 5.3.7)"),
    ("martian target", "nothing is forwarded to this destination address (RFC 1812, 5.3.7)"),
    ("spoofed source", "the source address does not belong where the packet came from (RFC 3704)"),
    ("ttl exceeded", "the time to live or hop limit is used up"),
    ("no route", "the routing table has nothing for the destination"),
    ("unresolved", "the next hop's MAC address is not known, and it does not answer; in a replay or Lab: write it under neighbors"),
    ("neighbor queue", "too many packets wait for the next hop's MAC address already"),
    ("too big", "larger than the next link's MTU, and it may not be fragmented"),
    ("bad fragment", "the fragment's offset or length is impossible"),
    ("fragment overlap", "fragments of one packet overlap: all of it is dropped (RFC 5722)"),
    ("fragment limit", "too many fragments wait for the rest of their packets"),
    ("fragment timeout", "the rest of the packet did not come in time"),
    ("header chain", "the first fragment does not hold all headers up to the transport's (RFC 7112)"),
    ("bad transport", "the TCP, UDP or ICMP header is wrong, or cut short"),
    ("bad checksum", "the checksum of the TCP, UDP or ICMP message is wrong"),
    ("no service", "the packet is for the gateway itself, and nothing serves it there"),
    ("unmatched error", "the ICMP error is about a packet of no flow that is known"),
    ("other network", "networks do not reach one another's endpoints, only what they publish"),
    ("internal network", "the network is internal: nothing enters or leaves"),
    ("not published", "the endpoint is not reached from outside but by its published ports"),
    ("other uplink", "the target is behind an uplink by which the sender's network does not leave"),
    ("invalid state", "the packet does not fit the state of its flow, or begins none"),
    ("flow limit", "the table of flows is full, and holds none that may go"),
    ("ports exhausted", "no port is free to translate the flow's source to"),
    ("filtered", "the mapping's filter does not let this remote endpoint in"),
    ("untranslatable", "the packet would have to be translated, and cannot be"),
)


def sentence(reason: int) -> str:
    """The reason as a sentence for people."""
    return REASONS[reason][1]


def reason_name(reason: int) -> str:
    """The reason's short name, as tables and captures show it."""
    return REASONS[reason][0]
