"""What a member of groups has to say, and when; see igmp.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint32_t

from fastpath.igmp cimport Memberships

# When memberships_next has something; NEVER.
cdef int64_t memberships_due(const Memberships* memberships) noexcept nogil
# The next frame that is due, written to `octets` (room for REPORT_MAX of igmpreport.pxd): its length, or 0 if none is due now.
cdef uint32_t memberships_next(Memberships* memberships, int64_t now, uint8_t* octets) noexcept nogil
