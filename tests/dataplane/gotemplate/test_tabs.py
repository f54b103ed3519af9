"""Columns as Go's tabwriter makes them with Docker's settings."""

from dataplane.gotemplate.tabs import aligned


def test_cells_are_ten_wide_or_as_their_longest_with_three_blanks():
    text = "NETWORK ID\tNAME\tSCOPE\n123456789012\tbridge\tlocal\n"
    assert aligned(text) == "NETWORK ID     NAME      SCOPE\n123456789012   bridge    local\n"


def test_the_last_cell_of_a_line_is_not_padded():
    assert aligned("a\tb\nlonger than ten\tc\n") == "a                 b\nlonger than ten   c\n"


def test_an_empty_cell_keeps_its_column():
    assert aligned("a\t\tb\nc\td\te\n") == "a" + " " * 19 + "b\nc         d         e\n"


def test_runs_of_lines_with_a_column_have_widths_of_their_own():
    """text/tabwriter: a column is a block of lines next to each other."""
    assert aligned("aaaaaaaaaaaaaa\tb\nx\ny\tz\n") == "aaaaaaaaaaaaaa   b\nx\ny         z\n"
