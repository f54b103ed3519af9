"""docs/conformance.md says of every row what is tested: it is compared with the tests that there are."""

from tests.gateway.conformance import covered, existing, lines, shown

ROWS = [f"L3-{n}" for n in range(1, 12)] + [f"NAT-{n}" for n in range(1, 41)] + ["BR-19"]
ROWS += [f"VX-{n}" for n in range(1, 24)]


def test_every_row_has_a_line_and_every_line_is_a_row():
    assert sorted(lines()) == sorted(ROWS)


def test_no_test_names_a_row_that_is_not_there():
    named = {row for test in existing() for row in test.rows}
    assert named == set(ROWS)


def test_the_document_lists_the_tests_that_exist():
    """Mend: python -m tests.gateway.conformance"""
    for row, cells in lines().items():
        assert cells[-1] == shown(row), row


def test_both_families_or_the_reason_why_not():
    for row, cells in lines().items():
        for v, cell in ((4, cells[3]), (6, cells[4])):
            assert cell == "yes" or cell.startswith(("yes, ", "no: ")), (row, cell)
            assert (v in covered(row)) == cell.startswith("yes"), (row, v, cell)
