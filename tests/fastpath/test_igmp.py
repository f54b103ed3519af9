"""IGMPv3 and MLDv2 as a host speaks them: what is said, when, and to whom (RFC 3376, 5; RFC 3810, 6)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastpath.igmpsay import TestMemberships as Memberships
from tests.fastpath.groups import ALL, GROUP, LINK_LOCAL, MAC, OTHER, OURS, ROUTER, SOURCES, Said, message, query, said

SECOND = 1_000_000_000
IS_INCLUDE, IS_EXCLUDE, TO_INCLUDE, TO_EXCLUDE = 1, 2, 3, 4


class Host:
    """A member of groups, and the time."""

    def __init__(self, v, seed=1, joined=()):
        self.v, self.now = v, SECOND
        self.members = Memberships(MAC, OURS, LINK_LOCAL, seed)
        for group in joined:
            self.members.join(group, self.now)
        if joined:
            self.says(2)

    def says(self, seconds):
        """All that it says meanwhile: (ns since the beginning, message)."""
        start, end, out = self.now, self.now + round(seconds * SECOND), []
        while (due := self.members.due()) is not None and due <= end:
            self.now = max(self.now, due)
            while (frame := self.members.next(self.now)) is not None:
                out.append((self.now - start, said(frame)))
        self.now = end
        return out

    def hears(self, group=None, **how):
        assert self.members.hear(query(self.v, group, **how), self.now)

    def report(self, kind, group, sources=()):
        return Said(self.v, ("224.0.0.22", "ff02::16")[self.v == 6], (0x22, 143)[self.v == 6], ((kind, group, tuple(sources)),))


@pytest.fixture(params=[4, 6], ids=["igmp", "mld"])
def host(request):
    return Host(request.param)


@pytest.fixture(params=[4, 6], ids=["igmp", "mld"])
def member(request):
    return Host(request.param, joined=[GROUP[request.param]])


def test_joining_is_said_at_once_and_again_within_a_second(host):
    group = GROUP[host.v]
    host.members.join(group, host.now)
    assert group in host.members
    (first, one), (second, other) = host.says(100)
    assert first == 0
    assert 0 < second <= SECOND
    assert one == other == host.report(TO_EXCLUDE, group)


def test_leaving_too(member):
    group = GROUP[member.v]
    assert member.members.leave(group, member.now)
    assert group not in member.members
    assert [one for _, one in member.says(100)] == [member.report(TO_INCLUDE, group)] * 2
    assert not member.members.leave(group, member.now)


def test_several_users_are_one_member(member):
    group = GROUP[member.v]
    member.members.join(group, member.now)
    assert member.says(10) == []
    assert member.members.leave(group, member.now)
    assert member.says(10) == []
    assert group in member.members


def test_who_joins_again_while_leaving_says_so(member):
    group = GROUP[member.v]
    member.members.leave(group, member.now)
    assert member.members.next(member.now)
    member.members.join(group, member.now)
    assert [one for _, one in member.says(10)] == [member.report(TO_EXCLUDE, group)] * 2


def test_a_general_query_is_answered_once_within_its_time(member):
    member.members.join(OTHER[member.v], member.now)
    member.says(2)
    member.hears()
    ((at, answer),) = member.says(100)
    assert 0 < at <= 10 * SECOND
    assert answer.records == ((IS_EXCLUDE, GROUP[member.v], ()), (IS_EXCLUDE, OTHER[member.v], ()))


def test_a_later_query_does_not_put_the_answer_off(member):
    """RFC 3376, 5.2, rule 1; a query of one group meanwhile needs no answer of its own."""
    member.hears(code=1)
    member.hears()
    member.hears(GROUP[member.v])
    ((at, _),) = member.says(100)
    assert at <= SECOND // 10


def test_a_query_of_our_group_is_answered(member):
    member.hears(GROUP[member.v], code=(10, 1000)[member.v == 6])
    member.hears(OTHER[member.v])
    ((at, answer),) = member.says(100)
    assert 0 < at <= SECOND
    assert answer == member.report(IS_EXCLUDE, GROUP[member.v])


def test_a_query_of_sources_is_answered_with_these(member):
    """RFC 3376, 5.2, rules 3 and 5: those of two queries in one answer, none twice."""
    sources = SOURCES[member.v]
    member.hears(GROUP[member.v], sources=sources[:3])
    member.hears(GROUP[member.v], sources=sources[2:5])
    ((_, answer),) = member.says(100)
    assert answer == member.report(IS_INCLUDE, GROUP[member.v], sources[:5])


@pytest.mark.parametrize("order", [(0, 3), (3, 0), (30,)], ids=["group first", "sources first", "too many sources"])
def test_a_query_of_the_group_covers_its_sources(member, order):
    """RFC 3376, 5.2, rule 4."""
    for n in order:
        member.hears(GROUP[member.v], sources=SOURCES[member.v][:n])
    ((_, answer),) = member.says(100)
    assert answer == member.report(IS_EXCLUDE, GROUP[member.v])


def test_more_sources_than_are_remembered_come_together(member):
    for n in range(0, 20, 5):
        member.hears(GROUP[member.v], sources=SOURCES[member.v][n : n + 5])
    ((_, answer),) = member.says(100)
    assert answer == member.report(IS_EXCLUDE, GROUP[member.v])


def test_the_querier_says_how_often_changes_are_said(member):
    """RFC 3376, 4.1.6: the robustness variable."""
    member.hears(flags=5)
    member.says(20)
    member.members.join(OTHER[member.v], member.now)
    assert len(member.says(20)) == 5


def test_response_times_are_floating_point_numbers(member):
    """RFC 3376, 4.1.1: 0xFF is 31,744 tenths of a second; RFC 3810, 5.1.3: 0xFFFF is 8,387,584 ms."""
    longest = (3174.4, 8387.584)[member.v == 6]
    times = []
    for _ in range(64):
        member.hears(code=(0xFF, 0xFFFF)[member.v == 6])
        ((at, _),) = member.says(longest)
        times.append(at)
    assert longest * SECOND / 2 < max(times) <= longest * SECOND


# -- elder versions ---------------------------------------------------------------------------------------------------------


def test_an_igmp_v2_querier_is_answered_in_v2():
    host = Host(4, joined=[GROUP[4], OTHER[4]])
    host.hears(version=2, code=100)
    answers = host.says(100)
    assert {one for _, one in answers} == {Said(4, group, 0x16, group=group) for group in (GROUP[4], OTHER[4])}
    assert len(answers) == 2
    assert all(0 < at <= 10 * SECOND for at, _ in answers)
    host.members.join("239.9.9.9", host.now)
    assert [one.kind for _, one in host.says(2)] == [0x16, 0x16]
    host.members.leave("239.9.9.9", host.now)
    assert [one for _, one in host.says(2)] == [Said(4, "224.0.0.2", 0x17, group="239.9.9.9")]


def test_an_igmp_v1_querier_is_answered_in_v1_which_has_no_word_for_leaving():
    host = Host(4, joined=[GROUP[4]])
    host.hears(version=1, code=0)
    assert [one for _, one in host.says(11)] == [Said(4, GROUP[4], 0x12, group=GROUP[4])]
    host.members.leave(GROUP[4], host.now)
    assert host.says(11) == []
    assert host.members.due() is None


def test_an_mld_v1_querier_is_answered_in_v1():
    host = Host(6, joined=[GROUP[6]])
    host.hears(version=1)
    assert [one for _, one in host.says(11)] == [Said(6, GROUP[6], 131, group=GROUP[6])]
    host.members.leave(GROUP[6], host.now)
    assert [one for _, one in host.says(11)] == [Said(6, "ff02::2", 132, group=GROUP[6])]


def test_an_elder_querier_is_forgotten_after_260_seconds(member):
    member.hears(version=(2, 1)[member.v == 6])
    member.says(259)
    member.hears(GROUP[member.v])
    assert [one.group for _, one in member.says(0.9999)] in ([], [GROUP[member.v]])
    member.says(20)
    member.hears(GROUP[member.v])
    assert [one for _, one in member.says(11)] == [member.report(IS_EXCLUDE, GROUP[member.v])]


def test_another_version_ends_what_was_still_to_be_said(member):
    """RFC 3376, 7.2.1."""
    member.members.join(OTHER[member.v], member.now)
    member.hears(GROUP[member.v])
    member.members.leave(GROUP[member.v], member.now)
    member.hears(version=(2, 1)[member.v == 6])
    assert [one for _, one in member.says(11)] == [
        Said(member.v, OTHER[member.v], (0x16, 131)[member.v == 6], group=OTHER[member.v])
    ]


# -- what is not heard ------------------------------------------------------------------------------------------------------


WRONG = {
    "checksum": {"break_sum": 1},
    "of all, to a group of some": {"to": {4: GROUP[4], 6: GROUP[6]}},
    "cut short": {"octets": {4: message(4, None, 3, 10, [], 2)[:10], 6: message(6, None, 2, 10, [], 2)[:26]}},
    "fewer sources than it says": {
        "octets": {v: message(v, GROUP[v], (3, 2)[v == 6], 10, SOURCES[v][:3], 2)[:-1] for v in (4, 6)},
    },
    "a report": {"octets": {4: b"\x16\0\0\0" + bytes(4), 6: b"\x83\0\0\0" + bytes(20)}},
}
WRONG_MLD = {"hop limit": {"ttl": 2}, "a global source": {"src": "2001:db8::1"}, "no router alert": {"alert": False}}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_queries_are_not_answered(member, wrong):
    how = {name: value[member.v] if isinstance(value, dict) else value for name, value in WRONG[wrong].items()}
    member.hears(**how)
    assert member.says(100) == []
    assert member.members.counted[1] == 0


@pytest.mark.parametrize("wrong", WRONG_MLD)
def test_mld_must_come_from_the_link(wrong):
    """RFC 3810, 5.1.14. Without hop-by-hop options it is not looked at."""
    host = Host(6, joined=[GROUP[6]])
    assert host.members.hear(query(6, **WRONG_MLD[wrong]), host.now) == (wrong != "no router alert")
    assert host.says(100) == []


def test_a_query_to_us_alone_is_answered(member):
    member.hears(to=(OURS, LINK_LOCAL)[member.v == 6])
    assert len(member.says(100)) == 1


def test_queries_cut_at_every_octet(member):
    whole = query(member.v, GROUP[member.v], sources=SOURCES[member.v][:3])
    for n in range(len(whole)):
        member.members.hear(whole[:n], member.now)
        assert member.says(100) == [], n


@settings(deadline=None)
@given(st.sampled_from([4, 6]), st.integers(0, 200), st.integers(1, 255))
def test_a_changed_octet_leads_nowhere_or_to_a_whole_answer(v, at, change):
    host = Host(v, joined=[GROUP[v]])
    octets = bytearray(query(v, GROUP[v], sources=SOURCES[v][:3]))
    octets[at % len(octets)] ^= change
    host.members.hear(bytes(octets), host.now)
    assert len(host.says(10_000)) <= 1


def test_other_frames_are_not_ours(host):
    assert not host.members.hear(bytes(60), host.now)
    assert not host.members.hear(b"", host.now)


# -- bounds -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", ["192.0.2.1", "224.0.0.1", "255.255.255.255", "2001:db8::1", "ff02::1", "ff01::5", "ff00::5"])
def test_what_cannot_be_joined(group):
    with pytest.raises(ValueError, match="no multicast group that a host may join"):
        Host(4).members.join(group, 0)


@pytest.mark.parametrize("v", [4, 6])
def test_many_groups_are_told_in_several_reports(v):
    host = Host(v)
    groups = [(f"239.0.{n >> 8}.{n & 255}", f"ff15::{n + 1:x}")[v == 6] for n in range(400)]
    for group in groups:
        host.members.join(group, host.now)
    assert len(host.says(2)) == 800
    host.hears()
    answers = host.says(11)
    assert [record for _, one in answers for record in one.records] == [(IS_EXCLUDE, group, ()) for group in groups]
    assert len({at for at, _ in answers}) == 1
    for group in groups:
        host.members.leave(group, host.now)
    assert len(host.says(2)) == 800
    assert host.members.due() is None


def test_how_many_groups_may_be_joined():
    host = Host(4)
    for n in range(4096):
        host.members.join(f"239.0.{n >> 8}.{n & 255}", host.now)
    with pytest.raises(ValueError, match="4096 multicast groups are joined"):
        host.members.join("239.77.0.1", host.now)


def test_equal_seeds_say_the_same_at_the_same_times(host):
    def told(seed):
        one = Host(host.v, seed, joined=[GROUP[host.v]])
        one.hears()
        return one.says(20)

    assert told(5) == told(5)
    assert told(5) != told(6)


STEPS = st.one_of(
    st.tuples(st.sampled_from(["join", "leave"]), st.integers(1, 3)),
    st.tuples(st.just("wait"), st.integers(0, 20)),
    st.tuples(st.just("ask"), st.integers(0, 3)),
    st.tuples(st.just("elder"), st.integers(0, 1)),
)


@settings(deadline=None)
@given(st.sampled_from([4, 6]), st.lists(STEPS, max_size=40))
def test_a_router_that_listens_knows_what_is_joined(v, steps):
    """Whatever happens in between: after a general query of the newest version, and silence of elders, both agree."""
    host, users = Host(v), {}
    for what, n in steps:
        group = (f"239.0.0.{n}", f"ff15::{n}")[v == 6]
        if what == "join":
            host.members.join(group, host.now)
            users[group] = users.get(group, 0) + 1
        elif what == "leave":
            assert host.members.leave(group, host.now) == (users.get(group, 0) > 0)
            users[group] = max(users.get(group, 0) - 1, 0)
        elif what == "wait":
            host.says(n)
        elif what == "ask":
            host.hears(group if n else None)
        else:
            host.hears(version=(2, 1)[v == 6] if n else 1, code=0 if v == 4 and not n else None)
        for name, count in users.items():
            assert (name in host.members) == (count > 0)
    host.says(280)
    assert host.members.due() is None
    host.hears()
    known = [group for _, one in host.says(11) for kind, group, _ in one.records if kind == IS_EXCLUDE]
    assert sorted(known) == sorted(group for group, count in users.items() if count)


def test_the_router_asks_as_the_documents_say():
    """Of the helper: what the tests above hear is what a router sends."""
    assert message(4, None, 2, 100, [], 0) == bytes.fromhex("1164000000000000")
    assert len(message(6, GROUP[6], 2, 10, SOURCES[6][:2], 2)) == 28 + 32
    assert ROUTER[6].startswith("fe80")
    assert ALL[4] == "224.0.0.1"
