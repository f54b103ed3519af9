"""Text with tabs, aligned as Go's text/tabwriter does it with Docker's settings: cells of 10 columns or more, 3 blanks apart."""

from __future__ import annotations

LEAST, GAP = 10, 3


def aligned(text: str) -> str:
    """Each run of lines that have a cell behind which a tab stands shares that column's width."""
    lines = [line.split("\t") for line in text.split("\n")]
    widths: list[list[int]] = [[0] * (len(cells) - 1) for cells in lines]
    for column in range(max((len(one) for one in widths), default=0)):
        begin = 0
        while begin < len(lines):
            end = begin
            while end < len(lines) and len(widths[end]) > column:
                end += 1
            wide = max([LEAST, *(len(cells[column]) + GAP for cells in lines[begin:end])])
            for number in range(begin, end):
                widths[number][column] = wide
            begin = max(end, begin + 1)
    return "\n".join(
        "".join([cell.ljust(wide) for cell, wide in zip(cells, wides, strict=False)] + cells[len(wides) :])
        for cells, wides in zip(lines, widths, strict=True)
    )
