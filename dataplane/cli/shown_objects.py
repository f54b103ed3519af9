"""What `inspect` prints: JSON, or a template an object; what is not there is told behind what is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import click

from dataplane.cli.said import Said, refused
from dataplane.client import Refusal
from dataplane.gotemplate import Template, TemplateError

PARSING = 64


class NotThere(Exception):  # noqa: N818 the domain's word
    """An object that nobody knows."""


def inspect(names: Iterable[str], layout: str | None, get: Callable[[str], Any]) -> None:
    """Print each. Said, in Docker's words, for those that ``get`` refuses, after all others."""
    template = _template(layout) if layout != "json" else None
    found: list[Any] = []
    failures: list[str] = []
    for name in names:
        try:
            found.append(get(name))
        except Refusal as refusal:
            failures.append(refused(refusal))
        except NotThere as error:
            failures.append(str(error))
    if layout == "json":
        click.echo(json.dumps(found, separators=(",", ":"), ensure_ascii=False))
    elif template is None:
        click.echo(json.dumps(found, indent=4, ensure_ascii=False) if found else "[]")
    else:
        for one in found:
            try:
                click.echo(template.render(one))
            except TemplateError as error:
                raise Said(f"template parsing error: {error}") from None
        if not found:
            click.echo()
    if failures:
        raise Said("\n".join(failures))


def _template(layout: str | None) -> Template | None:
    if not layout:
        return None
    try:
        return Template(layout)
    except TemplateError as error:
        raise Said(f"template parsing error: {error}", status=PARSING) from None
