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
)


def sentence(reason: int) -> str:
    """The reason as a sentence for people."""
    return REASONS[reason][1]


def reason_name(reason: int) -> str:
    """The reason's short name, as tables and captures show it."""
    return REASONS[reason][0]
