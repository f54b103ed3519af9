"""A port on a real interface: a packet socket bound to it (packet(7), linux/if_packet.h), opened by whoever is in its namespace.

    our octets -> sendmsg -> the interface's queue        what the host sends there itself is not ours: PACKET_IGNORE_OUTGOING
    the interface -> filter -> the socket's queue -> recvmsg, straight into a large slot

The kernel takes the outermost VLAN tag out of a frame and tells it beside it (PACKET_AUXDATA): it is put back. With PACKET_VNET_HDR
each frame has a virtio header, as on a TAP, and what GRO has put together stays together. The filter lets frames in that are for
one of our MACs or for a group, so the host's own traffic costs nothing here.

Whether a checksum is to be completed: the virtio header says so, or TP_STATUS_CSUMNOTREADY where there is none.
"""

from libc.stdint cimport uint32_t, uint64_t

from fastpath.device cimport DevicePort
from fastpath.frame cimport Frame

cdef class PacketPort(DevicePort):
    cdef readonly int interface   # its index
    cdef uint32_t header          # octets of virtio header in front of each frame
    cdef uint32_t budget          # frames the next poll reads at most, as in TapPort
    cdef uint64_t next_turn
    cdef readonly uint64_t lost   # frames that the socket's queue had no room for
    cdef int write_parts(self, Frame* frame) noexcept nogil
