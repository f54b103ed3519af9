"""Rows as Docker prints them: a table, a template a row, or ids alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import click

from dataplane.cli.said import Said
from dataplane.gotemplate import Row, Template, TemplateError
from dataplane.gotemplate.tabs import aligned

FORMAT = "table, table TEMPLATE, json, or a Go template."
TABLE = "table"


def show(rows: Iterable[Row], layout: str | None, *, default: str, headings: Mapping[str, Any], ids: str | None = None) -> None:
    """Print ``rows``. ``layout``: --format; ``ids``: -q, the field to print alone; ``headings``: a heading for each field."""
    text = _layout(layout, default, ids)
    click.echo(listing(rows, text, headings=headings), nl=False)


def listing(rows: Iterable[Row], text: str, *, headings: Mapping[str, Any]) -> str:
    """The lines. Said where the template is wrong."""
    table = text.startswith(TABLE)
    if table:
        text = text.removeprefix(TABLE).strip(" ")
    text = text.replace(r"\t", "\t").replace(r"\n", "\n")
    try:
        template = Template("{{json .}}" if text == "json" else text)
    except TemplateError as error:
        raise Said(f"template parsing error: {error}") from None
    try:
        lines = [template.render(row) for row in rows]
        if not table:
            return "".join(f"{line}\n" for line in lines)
        head = template.render(Row("*formatter.SubHeaderContext", {**headings, "Label": _label_heading}), headings=True)
    except TemplateError as error:
        raise Said(f"template parsing error: {error}") from None
    return aligned("".join(f"{line}\n" for line in [head, *lines]))


def _layout(layout: str | None, default: str, ids: str | None) -> str:
    if layout in {None, "", TABLE}:
        return f"{{{{.{ids}}}}}" if ids else f"{TABLE} {default}"
    return f"{{{{.{ids}}}}}" if ids and layout.startswith(TABLE) else str(layout)


def labels(found: Mapping[str, str] | None) -> dict[str, Any]:
    """``.Labels`` and ``.Label "key"``."""
    held = found or {}
    return {"Labels": ",".join(f"{key}={held[key]}" for key in sorted(held)), "Label": lambda key: held.get(key, "")}


def _label_heading(name: str) -> str:
    return name.rsplit(".", maxsplit=1)[-1].replace("-", " ").replace("_", " ")
