"""Rules as people see them."""

from fastpath.ruletable cimport RuleTable

# `realm_names`: of those that are named.
cdef object rule_rows(const RuleTable* rules, dict names, dict publication_names, dict realm_names)
