"""The records of a capture file, one after another, whatever its format: libpcap's (pcap-savefile(5)) or pcapng."""

from fastpath.source cimport Outcome, Packet, Source

# Look at the beginning of the file: PACKET if its format is known, else MORE or BROKEN.
cdef Outcome records_begin(Source* source) noexcept nogil
# The next record: PACKET, MORE, END or BROKEN.
cdef Outcome records_next(Source* source, Packet* packet) noexcept nogil
