"""What a member of groups hears, and when it says what."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memset

from fastpath.address cimport MULTICAST, address_text, kind_of
from fastpath.frame cimport Frame
from fastpath.graph cimport NEVER
from fastpath.igmpquery cimport A_QUERY, NOT_OURS, Heard, Query, query_read
from fastpath.igmpreport cimport Member
from fastpath.ip cimport Address, is_mapped, mapped, same, unmapped
from fastpath.table cimport split_mix
from fastpath.wire cimport wire_swap32

cdef enum:
    ROBUSTNESS = 2                # unless a querier says otherwise (RFC 3376, 8.1)

cdef int64_t ELDER_FOR = 260_000_000_000     # 2 × 125 s + 10 s (RFC 3376, 8.12; RFC 3810, 9.12)
cdef int64_t LONG_AGO = -0x4000000000000000


cdef int memberships_init(Memberships* memberships, uint64_t mac, const Address* ours, const Address* link_local, uint64_t seed) except -1:
    memset(memberships, 0, sizeof(Memberships))
    memberships.member = Member(mac, ours[0], link_local[0])
    memberships.random = seed
    for family in range(2):
        memberships.general_due[family] = NEVER
        memberships.robustness[family] = ROBUSTNESS
        memberships.elders[family] = Elder(LONG_AGO, LONG_AGO)
    return 0


cdef void memberships_free(Memberships* memberships) noexcept:
    free(memberships.members)
    memberships.members = NULL
    memberships.count = memberships.room = 0


cdef Membership* find(const Memberships* memberships, const Address* group) noexcept nogil:
    cdef uint32_t at
    for at in range(memberships.count):
        if same(&memberships.members[at].group, group):
            return &memberships.members[at]
    return NULL


cdef bint is_member(const Memberships* memberships, const Address* group) noexcept nogil:
    cdef Membership* member = find(memberships, group)
    return member != NULL and member.users != 0


cdef int64_t some_time(Memberships* memberships, int64_t within) noexcept nogil:
    """ns from now, more than 0 and at most `within`."""
    return 1 + <int64_t>(split_mix(&memberships.random) % <uint64_t>within) if within > 0 else 0


cdef uint32_t version_of(const Memberships* memberships, bint ipv6, int64_t now) noexcept nogil:
    """What we speak: 3, 2, 1 of IGMP, 2 or 1 of MLD."""
    cdef const Elder* elder = &memberships.elders[ipv6]
    if now < elder.first:
        return 1
    return 2 if ipv6 or now < elder.second else 3


cdef bint elderly(const Memberships* memberships, bint ipv6, int64_t now) noexcept nogil:
    return version_of(memberships, ipv6, now) < (2 if ipv6 else 3)


# -- joining and leaving --------------------------------------------------------------------------------------------------


cdef bint may_join(const Address* group) noexcept nogil:
    cdef const uint8_t* octets = <const uint8_t*>group
    if kind_of(group) != MULTICAST:
        return False
    if is_mapped(group):
        return unmapped(group) != wire_swap32(0xE0000001)
    return octets[1] & 15 > 1 and not (group.high == 0x02FF and group.low == <uint64_t>1 << 56)


cdef int membership_join(Memberships* memberships, const Address* group, int64_t now) except -1:
    cdef Membership* member = find(memberships, group)
    if not may_join(group):
        raise ValueError(f"{address_text(group)}: no multicast group that a host may join")
    if member == NULL:
        if memberships.count == GROUPS_MAX:
            raise ValueError(f"{GROUPS_MAX} multicast groups are joined: no room for more")
        if memberships.count == memberships.room:
            member = <Membership*>realloc(memberships.members, (memberships.room + 16) * sizeof(Membership))
            if member == NULL:
                raise MemoryError("multicast groups")
            memberships.members = member
            memberships.room += 16
        member = &memberships.members[memberships.count]
        memberships.count += 1
        memset(member, 0, sizeof(Membership))
        member.group = group[0]
        member.answer_due = NEVER
    member.users += 1
    if member.users == 1:
        member.to_say = memberships.robustness[not is_mapped(group)]
        member.change_due = now
    return 0


cdef bint membership_leave(Memberships* memberships, const Address* group, int64_t now) noexcept nogil:
    cdef Membership* member = find(memberships, group)
    if member == NULL or member.users == 0:
        return False
    member.users -= 1
    if member.users == 0:
        member.to_say = memberships.robustness[not is_mapped(group)]
        member.change_due = now
        member.answer_due = NEVER
        member.n_sources = 0
    return True


# -- queries --------------------------------------------------------------------------------------------------------------


cdef void membership_forget(Memberships* memberships, uint32_t at) noexcept nogil:
    memberships.count -= 1
    memberships.members[at] = memberships.members[memberships.count]


cdef void silence(Memberships* memberships, bint ipv6) noexcept nogil:
    """Another version is spoken from now on: what was still to be said is not (RFC 3376, 7.2.1)."""
    cdef uint32_t at = 0
    cdef Membership* member
    memberships.general_due[ipv6] = NEVER
    while at < memberships.count:
        member = &memberships.members[at]
        if is_mapped(&member.group) != ipv6:
            if member.users == 0:
                membership_forget(memberships, at)
                continue
            member.to_say = 0
            member.change_due = member.answer_due = NEVER
            member.n_sources = 0
        at += 1


cdef void asked_of_all(Memberships* memberships, const Query* query, int64_t now) noexcept nogil:
    """One answer for all groups, or in elder versions one each. Who is to answer earlier anyway need not again (RFC 3376, 5.2)."""
    cdef int64_t due
    cdef uint32_t at
    cdef Membership* member
    if not elderly(memberships, query.ipv6, now):
        due = now + some_time(memberships, query.within)
        if due < memberships.general_due[query.ipv6]:
            memberships.general_due[query.ipv6] = due
            memberships.general_at[query.ipv6] = 0
        return
    for at in range(memberships.count):
        member = &memberships.members[at]
        if member.users and is_mapped(&member.group) != query.ipv6:
            member.answer_due = min(member.answer_due, now + some_time(memberships, query.within))


cdef void asked_of_one(Memberships* memberships, const Query* query, int64_t now) noexcept nogil:
    """RFC 3376, 5.2, rules 1 and 3 to 5."""
    cdef Membership* member = find(memberships, &query.group)
    cdef int64_t due
    cdef uint32_t i
    if member == NULL or member.users == 0:
        return
    due = now + some_time(memberships, query.within)
    if memberships.general_due[query.ipv6] <= due:
        return
    if query.n_sources == 0 or query.n_sources > SOURCES or (member.answer_due != NEVER and member.n_sources == 0):
        member.n_sources = 0
    else:
        for i in range(query.n_sources):
            if not remember(member, query.sources + i * (16 if query.ipv6 else 4), query.ipv6):
                member.n_sources = 0
                break
    member.answer_due = min(member.answer_due, due)


cdef bint remember(Membership* member, const uint8_t* octets, bint ipv6) noexcept nogil:
    """It was asked about this source too; False: there is no room for it."""
    cdef Address source
    cdef uint32_t word, i
    if ipv6:
        memcpy(&source, octets, 16)
    else:
        memcpy(&word, octets, 4)
        source = mapped(word)
    for i in range(member.n_sources):
        if same(&member.sources[i], &source):
            return True
    if member.n_sources == SOURCES:
        return False
    member.sources[member.n_sources] = source
    member.n_sources += 1
    return True


cdef bint memberships_hear(Memberships* memberships, Frame* frame, int64_t now) noexcept nogil:
    cdef Query query
    cdef uint32_t before
    cdef Elder* elder
    cdef Heard heard = query_read(&query, frame)
    if heard != A_QUERY:
        return heard != NOT_OURS
    memberships.queried += 1
    elder = &memberships.elders[query.ipv6]
    before = version_of(memberships, query.ipv6, now)
    if query.general and query.version == 1:
        elder.first = now + ELDER_FOR
    elif query.general and query.version == 2 and not query.ipv6:
        elder.second = now + ELDER_FOR
    if version_of(memberships, query.ipv6, now) != before:
        silence(memberships, query.ipv6)
    if query.version == (2 if query.ipv6 else 3):
        memberships.robustness[query.ipv6] = query.robustness or ROBUSTNESS
    if query.general:
        asked_of_all(memberships, &query, now)
    else:
        asked_of_one(memberships, &query, now)
    return True
