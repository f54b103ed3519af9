"""Rules as people see them."""

from fastpath.ruletable cimport RuleTable

cdef object rule_rows(const RuleTable* rules, dict names, dict publication_names)
