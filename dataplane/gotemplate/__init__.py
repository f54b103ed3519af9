"""Go templates, as Docker's users write them after ``--format`` (https://pkg.go.dev/text/template). Pure.

    Template("{{range .Networks}}{{.IPAddress}} {{end}}").render(data)

Data is what JSON holds, and ``Row``s, whose values may be functions (`.Label "x"`). Of the language all is there but named
templates (define, template, block) and break and continue; of functions Go's own except call, html, js and urlquery, and Docker's:
json, join, split, lower, upper, title, pad, truncate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dataplane.gotemplate.errors import TemplateError
from dataplane.gotemplate.evaluate import render
from dataplane.gotemplate.parser import parse

__all__ = ["Row", "Template", "TemplateError"]


class Row(Mapping[str, Any]):
    """A value with named fields, some of them functions. ``type_name``: what Go calls it, in errors."""

    def __init__(self, type_name: str, fields: Mapping[str, Any]) -> None:
        self.type_name, self._fields = type_name, fields

    def __getitem__(self, key: str) -> Any:
        return self._fields[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


class Template:
    """A template, parsed. TemplateError, in Go's words, when it is none."""

    def __init__(self, text: str) -> None:
        self._nodes = parse(text)

    def render(self, data: Any, *, headings: bool = False) -> str:
        """What it makes of ``data``. ``headings``: a table's heading is made, functions like json and upper leave it alone."""
        return render(self._nodes, data, headings=headings)
