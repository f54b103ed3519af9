import io
import json
import re

import pytest
from rich.console import Console

from dataplane.cli import output, units


def test_a_table_in_a_pipe_is_aligned_whole_and_plain(capsys):
    output.print_table({"PORT": "left", "FRAMES": "right"}, [("web.front", 1234567), ("x" * 200, 5)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["PORT", "FRAMES"]
    assert lines[1].split() == ["web.front", "1,234,567"]
    assert lines[2].split() == ["x" * 200, "5"], "values are never cut"
    assert len({len(line.rstrip()) for line in lines}) == 1, "numbers end in one column"


def test_nothing_to_show_is_said(capsys):
    output.print_table({"PORT": "left"}, [], nothing="No frame was dropped.")
    assert capsys.readouterr().out == "No frame was dropped.\n"


def rendered(width: int, **environment: str) -> str:
    page = io.StringIO()
    row = (output.Styled("web.front", "red"), "a sentence of many words " * 4)
    table = output.make_table({"PORT": "left", "WHY": "left"}, [row])
    Console(file=page, width=width, force_terminal=True, _environ={"TERM": "xterm-256color", **environment}).print(table)
    return page.getvalue()


@pytest.mark.parametrize("width", [20, 40, 80])
def test_a_table_on_a_terminal_never_is_wider_than_it(width):
    plain = re.sub(r"\x1b\[[0-9;]*m", "", rendered(width))
    assert max(map(len, plain.splitlines())) <= width


def test_colours_only_where_they_are_wanted():
    assert "\x1b[31m" in rendered(80)
    assert "\x1b[31m" not in rendered(80, NO_COLOR="1")


def test_json_in_a_pipe_is_one_line(capsys):
    output.print_json({"a": [1, 2], "ü": None})
    assert capsys.readouterr().out == '{"a": [1, 2], "ü": null}\n'
    output.print_json([{"b": 1}])
    assert json.loads(capsys.readouterr().out) == [{"b": 1}]


@pytest.mark.parametrize(
    "number, text", [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (123_456, "123 kB"), (5_000_000, "5.0 MB"), (7e15, "7000 TB")]
)
def test_octets(number, text):
    assert units.octets(number) == text


@pytest.mark.parametrize(
    "number, text", [(0.04, "0.0 s"), (9.94, "9.9 s"), (45, "45 s"), (150, "2 min"), (7200, "2 h"), (400_000, "5 d")]
)
def test_seconds(number, text):
    assert units.seconds(number) == text


def test_rates():
    assert units.bit_rate(None) == units.frame_rate(None) == "-"
    assert units.bit_rate(125_000_000) == "1.0 Gbit/s"
    assert units.frame_rate(1234.4) == "1,234/s"


def test_a_column_that_may_be_cut_is_cut_to_the_terminal_and_whole_in_a_pipe(monkeypatch):
    columns = {"NAME": "left", "COMMAND": "cut"}
    rows = [("web", "a command of many words " * 3)]
    assert output.rendered(columns, rows).splitlines()[1] == "web   " + rows[0][1].strip()
    monkeypatch.setattr(output, "page_width", lambda: 30)
    line = output.rendered(columns, rows).splitlines()[1]
    assert line == "web   a command of many wor…"
