"""Which report is due, put together. Answers to all go first, so that what changed meanwhile cannot tear one."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from fastpath.address cimport address_read
from fastpath.graph cimport NEVER
from fastpath.igmp cimport (
    Membership, Memberships, elderly, is_member, membership_forget, membership_join, membership_leave, memberships_free,
    memberships_hear, memberships_init, some_time, version_of,
)
from fastpath.igmpreport cimport (
    IPV4_BEFORE, IPV6_BEFORE, MODE_IS_EXCLUDE, MODE_IS_INCLUDE, REPORT_HEADER, REPORT_MAX, TO_EXCLUDE, TO_INCLUDE, report_elder,
    report_finish, report_record,
)
from fastpath.ip cimport Address, is_mapped
from fastpath.sample cimport Sample

cdef int64_t SECOND = 1_000_000_000      # within which a change is said again (RFC 3376, 8.11)


cdef int64_t memberships_due(const Memberships* memberships) noexcept nogil:
    cdef int64_t due = min(memberships.general_due[0], memberships.general_due[1])
    cdef uint32_t at
    for at in range(memberships.count):
        due = min(due, min(memberships.members[at].change_due, memberships.members[at].answer_due))
    return due


cdef uint32_t memberships_next(Memberships* memberships, int64_t now, uint8_t* octets) noexcept nogil:
    cdef uint32_t at, length
    cdef uint32_t family
    cdef Membership* member
    for family in range(2):
        if memberships.general_due[family] <= now:
            length = write_all(memberships, family, octets)
            if length:
                memberships.reported += 1
                return length
    at = 0
    while at < memberships.count:
        member = &memberships.members[at]
        length = 0
        if member.change_due <= now:
            length = write_change(memberships, member, octets, now)
            if member.to_say == 0 and member.users == 0:
                membership_forget(memberships, at)
        elif member.answer_due <= now:
            length = write_answer(memberships, member, octets, now)
        else:
            at += 1
        if length:
            memberships.reported += 1
            return length
    return 0


cdef uint32_t write_all(Memberships* memberships, bint ipv6, uint8_t* octets) noexcept nogil:
    """The answer to a general query, or as much of it as fits; 0: there is nothing more to say."""
    cdef uint32_t at = memberships.general_at[ipv6]
    cdef uint32_t first = (IPV6_BEFORE if ipv6 else IPV4_BEFORE) + REPORT_HEADER
    cdef uint32_t n = 0
    cdef uint32_t records = 0
    cdef Membership* member
    while at < memberships.count and first + n + (20 if ipv6 else 8) <= REPORT_MAX:
        member = &memberships.members[at]
        at += 1
        if member.users and is_mapped(&member.group) != ipv6:
            n += report_record(octets + first + n, MODE_IS_EXCLUDE, &member.group, NULL, 0)
            records += 1
    memberships.general_at[ipv6] = at
    if at == memberships.count:
        memberships.general_due[ipv6] = NEVER
        memberships.general_at[ipv6] = 0
    return report_finish(&memberships.member, ipv6, octets, records, n) if records else 0


cdef uint32_t write_one(Memberships* memberships, Membership* member, uint8_t kind, uint8_t* octets, int64_t now) noexcept nogil:
    """Of one group, in the version that is spoken; the sources asked about belong to MODE_IS_INCLUDE alone."""
    cdef bint ipv6 = not is_mapped(&member.group)
    cdef uint32_t first = (IPV6_BEFORE if ipv6 else IPV4_BEFORE) + REPORT_HEADER
    cdef uint32_t n
    if elderly(memberships, ipv6, now):
        return report_elder(&memberships.member, &member.group, kind != TO_INCLUDE, version_of(memberships, ipv6, now), octets)
    n = report_record(octets + first, kind, &member.group, member.sources, member.n_sources if kind == MODE_IS_INCLUDE else 0)
    return report_finish(&memberships.member, ipv6, octets, 1, n)


cdef uint32_t write_change(Memberships* memberships, Membership* member, uint8_t* octets, int64_t now) noexcept nogil:
    """A group was joined or left; 0: in a version that has no word for it."""
    member.to_say -= 1
    if member.users == 0 and elderly(memberships, not is_mapped(&member.group), now):
        member.to_say = 0
    member.change_due = now + some_time(memberships, SECOND) if member.to_say else NEVER
    return write_one(memberships, member, TO_EXCLUDE if member.users else TO_INCLUDE, octets, now)


cdef uint32_t write_answer(Memberships* memberships, Membership* member, uint8_t* octets, int64_t now) noexcept nogil:
    """The answer to a query of this group, or of sources of it."""
    cdef uint32_t length = write_one(memberships, member, MODE_IS_INCLUDE if member.n_sources else MODE_IS_EXCLUDE, octets, now)
    member.answer_due = NEVER
    member.n_sources = 0
    return length


cdef class TestMemberships:
    """The C table with a Python face (used for testing)."""
    cdef Memberships memberships

    def __cinit__(self, uint64_t mac, str ours not None, str link_local not None, uint64_t seed=0):
        cdef Address ipv4, ipv6
        address_read(ours, &ipv4)
        address_read(link_local, &ipv6)
        memberships_init(&self.memberships, mac, &ipv4, &ipv6, seed)

    def __dealloc__(self):
        memberships_free(&self.memberships)

    def __contains__(self, str group not None) -> bool:
        cdef Address address
        address_read(group, &address)
        return is_member(&self.memberships, &address)

    def join(self, str group not None, int64_t now) -> None:
        """One more who wants the group."""
        cdef Address address
        address_read(group, &address)
        membership_join(&self.memberships, &address, now)

    def leave(self, str group not None, int64_t now) -> bool:
        """False: nobody wanted it."""
        cdef Address address
        address_read(group, &address)
        return membership_leave(&self.memberships, &address, now)

    def due(self) -> int | None:
        """When there is something to say."""
        cdef int64_t due = memberships_due(&self.memberships)
        return None if due == NEVER else due

    def next(self, int64_t now) -> bytes | None:
        """The next frame that is due."""
        cdef uint8_t[REPORT_MAX] octets
        cdef uint32_t length = memberships_next(&self.memberships, now, octets)
        return bytes(octets[:length]) if length else None

    def hear(self, const uint8_t[::1] octets not None, int64_t now) -> bool:
        """False: somebody else's frame."""
        cdef Sample sample = Sample(octets)
        return memberships_hear(&self.memberships, &sample.frame, now)

    @property
    def counted(self) -> tuple[int, int]:
        """Messages sent, queries heard."""
        return self.memberships.reported, self.memberships.queried
