"""The error of a template, in Go's words."""

from __future__ import annotations


class TemplateError(ValueError):
    """``template: :LINE:COLUMN: …`` where it is evaluated, ``template: :LINE: …`` where it is parsed."""
