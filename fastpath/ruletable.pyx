"""Rules come and go. Errors: ValueError, with what is wrong; MemoryError."""

from libc.stdint cimport uint32_t
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from fastpath.address cimport address_read, prefix_read
from fastpath.index cimport Probe, index_free, index_init, index_insert, index_next, index_probe
from fastpath.ip cimport same
from fastpath.publish cimport publications_free, publications_init
from fastpath.tuples cimport tuple_hash


cdef int rules_make(RuleTable* rules, FlowTable* flows) except -1:
    memset(rules, 0, sizeof(RuleTable))
    rules.flows = flows
    publications_init(&rules.published, flows.secrets.words[5])
    index_init(&rules.static_index, 1)
    index_init(&rules.local_index, 1)
    return 0


cdef void rules_unmake(RuleTable* rules) noexcept:
    publications_free(&rules.published)
    index_free(&rules.static_index)
    index_free(&rules.local_index)
    free(rules.interfaces)
    free(rules.statics)
    free(rules.excluded)
    free(rules.trusted)
    free(rules.locals)
    free(rules.realms)


cdef void* larger(void* memory, size_t octets) except NULL:
    memory = realloc(memory, octets)
    if memory == NULL:
        raise MemoryError("rules")
    return memory


# -- looked up by packets -----------------------------------------------------------------------------------------------

cdef uint32_t address_hash(const RuleTable* rules, const Address* address) noexcept nogil:
    return tuple_hash(&rules.published.secrets, address, address, 0, 0, 0, 1)


cdef Static* static_of(const RuleTable* rules, const Address* address, bint inside) noexcept nogil:
    """The one-to-one rule with this outside or inside address, or NULL."""
    cdef Probe probe
    cdef Static* static
    if rules.n_statics == 0:
        return NULL
    probe = index_probe(&rules.static_index, address_hash(rules, address))
    while index_next(&rules.static_index, &probe):
        static = &rules.statics[probe.reference >> 1]
        if probe.reference & 1 == inside and same(&static.inside if inside else &static.outside, address):
            return static
    return NULL


cdef bint is_local(const RuleTable* rules, const Address* address, uint16_t realm) noexcept nogil:
    cdef Probe probe
    if rules.n_locals == 0:
        return False
    probe = index_probe(&rules.local_index, address_hash(rules, address))
    while index_next(&rules.local_index, &probe):
        if rules.locals[probe.reference].realm == realm and same(&rules.locals[probe.reference].address, address):
            return True
    return False


cdef bint is_uplink(const RuleTable* rules, uint32_t interface) noexcept nogil:
    return interface < rules.n_interfaces and rules.interfaces[interface].uplink


cdef bint trusts(const RuleTable* rules, uint16_t interface, const Address* address) noexcept nogil:
    cdef uint32_t i
    for i in range(rules.n_trusted):
        if rules.trusted[i].interface == interface and same(&rules.trusted[i].address, address):
            return True
    return False


cdef bint is_trusted(const RuleTable* rules, const Packet* packet) noexcept nogil:
    return trusts(rules, packet.interface, &packet.source)


# -- changed by people --------------------------------------------------------------------------------------------------

cdef Interface* rules_interface(RuleTable* rules, uint32_t number) except NULL:
    if number > 0xFFFF:
        raise ValueError(f"interface {number}: up to 65,535")
    if number >= rules.n_interfaces:
        rules.interfaces = <Interface*>larger(rules.interfaces, (number + 1) * sizeof(Interface))
        memset(&rules.interfaces[rules.n_interfaces], 0, (number + 1 - rules.n_interfaces) * sizeof(Interface))
        rules.n_interfaces = number + 1
    return &rules.interfaces[number]


cdef Realm* rules_realm(RuleTable* rules, uint32_t number) except NULL:
    if number > 0xFFFF:
        raise ValueError(f"realm {number}: up to 65,535")
    if number >= rules.n_realms:
        rules.realms = <Realm*>larger(rules.realms, (number + 1) * sizeof(Realm))
        memset(&rules.realms[rules.n_realms], 0, (number + 1 - rules.n_realms) * sizeof(Realm))
        rules.n_realms = number + 1
    return &rules.realms[number]


cdef int rules_trust(RuleTable* rules, uint32_t number, addresses) except -1:
    cdef uint32_t i
    cdef uint32_t n = 0
    cdef Address address
    for i in range(rules.n_trusted):
        if rules.trusted[i].interface != number:
            rules.trusted[n] = rules.trusted[i]
            n += 1
    rules.n_trusted = n
    for text in addresses:
        address_read(text, &address)
        rules.trusted = <Trusted*>larger(rules.trusted, (rules.n_trusted + 1) * sizeof(Trusted))
        rules.trusted[rules.n_trusted] = Trusted(address, number)
        rules.n_trusted += 1
    return 0


cdef int rules_set_locals(RuleTable* rules, addresses, uint32_t realm) except -1:
    cdef uint32_t i
    cdef uint32_t n = 0
    cdef Local* locals
    texts = list(addresses)
    rules_realm(rules, realm)
    locals = <Local*>larger(NULL, (rules.n_locals + len(texts) + 1) * sizeof(Local))
    try:
        for text in texts:
            address_read(text, &locals[n].address)
            locals[n].realm = <uint16_t>realm
            n += 1
    except BaseException:
        free(locals)
        raise
    for i in range(rules.n_locals):
        if rules.locals[i].realm != realm:
            locals[n] = rules.locals[i]
            n += 1
    free(rules.locals)
    index_free(&rules.local_index)
    rules.locals = locals
    rules.n_locals = 0
    index_init(&rules.local_index, n)
    for i in range(n):
        index_insert(&rules.local_index, address_hash(rules, &locals[i].address), i)
    rules.n_locals = n
    return 0


cdef int index_statics(RuleTable* rules) except -1:
    cdef uint32_t i
    index_free(&rules.static_index)
    index_init(&rules.static_index, 2 * rules.n_statics)
    for i in range(rules.n_statics):
        index_insert(&rules.static_index, address_hash(rules, &rules.statics[i].outside), 2 * i)
        index_insert(&rules.static_index, address_hash(rules, &rules.statics[i].inside), 2 * i + 1)
    return 0


cdef int rules_add_static(RuleTable* rules, outside, inside) except -1:
    cdef Static static
    memset(&static, 0, sizeof(Static))
    address_read(outside, &static.outside)
    address_read(inside, &static.inside)
    if static_of(rules, &static.outside, False) != NULL or static_of(rules, &static.inside, True) != NULL:
        raise ValueError(f"{outside} or {inside} is translated one-to-one already")
    rules.statics = <Static*>larger(rules.statics, (rules.n_statics + 1) * sizeof(Static))
    rules.statics[rules.n_statics] = static
    rules.n_statics += 1
    return index_statics(rules)


cdef int rules_remove_static(RuleTable* rules, outside) except -1:
    cdef Address address
    cdef Static* static
    address_read(outside, &address)
    static = static_of(rules, &address, False)
    if static == NULL:
        raise ValueError(f"{outside} is not translated one-to-one")
    rules.n_statics -= 1
    static[0] = rules.statics[rules.n_statics]
    return index_statics(rules)


cdef int rules_exclude(RuleTable* rules, prefix, bint present) except -1:
    cdef Excluded excluded
    cdef uint32_t i
    memset(&excluded, 0, sizeof(Excluded))
    prefix_read(prefix, &excluded.prefix, &excluded.length)
    for i in range(rules.n_excluded):
        if rules.excluded[i].length == excluded.length and same(&rules.excluded[i].prefix, &excluded.prefix):
            if present:
                return 0
            rules.n_excluded -= 1
            rules.excluded[i] = rules.excluded[rules.n_excluded]
            return 0
    if not present:
        raise ValueError(f"{prefix} is not excluded")
    rules.excluded = <Excluded*>larger(rules.excluded, (rules.n_excluded + 1) * sizeof(Excluded))
    rules.excluded[rules.n_excluded] = excluded
    rules.n_excluded += 1
    return 0
