"""A Frame is a descriptor of octets that live elsewhere (IEEE 802.3 frame without FCS).

One cache line, so a burst of 256 fits the first-level cache. The octets are one part at `data`, or, in a clone, two:
`head` octets of its own at `data` and the rest, read-only for the turn, at `tail`. Whoever reads headers needs `data` only:
a clone owns its first 128 octets (`arena.HEAD`), and no header we rewrite lies deeper.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    ETHERNET_HEADER = 14
    MIN_FRAME = 14            # what a bridge needs to forward; the 60 octets of IEEE 802.3 are padding to us
    MAX_FRAME = 65549         # 65,535 octets of IP behind an Ethernet header
    HOPS = 32                 # nodes a frame may enter in one turn: ends simple cycles

cdef enum:                    # Frame.flags
    NEEDS_CSUM = 1            # the L4 checksum holds the pseudo-header sum only (virtio: VIRTIO_NET_HDR_F_NEEDS_CSUM)
    CSUM_VALID = 2            # the L4 checksum was verified by whoever handed the frame over
    SHARED = 4                # a clone reads our octets past the first 128: copy before writing there
    OUTER_CSUM = 8            # UDP tunnel super-frame that wants its outer UDP checksum computed

cdef enum:                    # Frame.gso_type: values of linux/virtio_net.h
    GSO_NONE = 0
    GSO_TCPV4 = 1
    GSO_UDP = 3               # fragmentation, obsolete: refused
    GSO_TCPV6 = 4
    GSO_UDP_L4 = 5
    GSO_TUNNEL_V4 = 0x20      # or-ed in: UDP tunnel, outer IPv4
    GSO_TUNNEL_V6 = 0x40      # or-ed in: UDP tunnel, outer IPv6
    GSO_ECN = 0x80            # or-ed in: CWR on the first segment only

cdef struct Frame:
    uint8_t* data             # first octet
    const uint8_t* tail       # what follows the head, or NULL
    uint32_t head             # octets at data
    uint32_t length           # octets in all: head + those at tail
    uint32_t room             # octets free in front of data
    uint32_t ingress          # index of the Port it came in by
    uint16_t input            # by which of the receiving node's inputs it arrives
    uint16_t family           # which polled frame of this turn it descends from
    uint8_t hops              # nodes it may still enter
    uint8_t flags
    uint8_t gso_type
    uint8_t gso_reserved
    uint16_t gso_size         # payload octets per segment
    uint16_t header           # octets of headers in front of the payload (virtio: hdr_len)
    uint16_t csum_start       # where the checksummed part begins, from data
    uint16_t csum_offset      # where the checksum lies, from csum_start
    uint16_t outer_transport  # tunnel: where the outer UDP header begins
    uint16_t inner_network    # tunnel: where the inner IP header begins
    uint64_t record           # record number in the capture it came from (1…), 0 if none
