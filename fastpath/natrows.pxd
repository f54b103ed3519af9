"""Translations in use, each once, for people: those that are chosen are found among all flows in C, and only they become rows."""

from libc.stdint cimport int64_t, uint32_t

from fastpath.flowtable cimport FlowTable

# A NumPy array of TRANSLATIONS_DTYPE with up to `limit` translations, and how many flows are chosen whose translation is not among
# them. `kind`: "snat" or "dnat"; kind, protocol and addresses: None for any. Errors: ValueError, MemoryError.
cdef tuple translation_rows(const FlowTable* table, int64_t now, uint32_t limit, kind, protocol, inside, outside)
