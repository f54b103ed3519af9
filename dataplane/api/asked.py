"""Bodies of requests, read as Docker reads them: keys in any case, null is absent, unknown keys are ignored, types are exact."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import from_json

from dataplane.desired.refused import Refused

LONGEST_TEXT = 1024 * 1024
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
Integer = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
Small = Annotated[int, Field(ge=0, le=0xFFFF)]
Pairs = dict[Text, Text]


class Asked(BaseModel):
    """A body, or an object in one. Fields are called as Docker calls them."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _as_go_reads(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        names = _names(cls)
        return {names.get(key.casefold(), key): item for key, item in value.items() if item is not None}


Model = TypeVar("Model", bound=Asked)


@lru_cache
def _names(model: type[Asked]) -> dict[str, str]:
    names = (field.alias or name for name, field in model.model_fields.items())
    return {name.casefold(): name for name in names}


def read(model: type[Model], data: bytes) -> Model:
    """The body as ``model``; Refused in Docker's words when it is none."""
    if not data.strip():
        raise Refused(400, "invalid JSON: got EOF while reading request body")
    try:
        value = from_json(data, allow_inf_nan=False)
    except ValueError as error:
        raise Refused(400, f"invalid JSON: {error}") from None
    if b"\\u0000" in data:
        raise Refused(400, "invalid JSON: a text has an octet of zero")
    return checked(model, value)


def checked(model: type[Model], value: object) -> Model:
    """JSON that was read, as ``model``."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Refused(400, f"invalid JSON: {_in_gos_words(model, error)}") from None


_GO = {
    "string_type": "string",
    "bool_type": "bool",
    "int_type": "int",
    "int_from_float": "int",
    "float_type": "float64",
    "list_type": "[]string",
    "tuple_type": "[]string",
    "dict_type": "map[string]string",
    "model_type": "struct",
    "model_attributes_type": "struct",
}


def _in_gos_words(model: type[Asked], error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(str(step) for step in first["loc"] if not (isinstance(step, str) and "[" in step))[:200]
    wanted = _GO.get(first["type"])
    if wanted is None:
        return f"{model.__name__}.{place}: {first['msg']}"
    where = f"struct field {model.__name__}.{place}" if place else "value"
    return f"json: cannot unmarshal {_kind(first.get('input'))} into Go {where} of type {wanted if place else model.__name__}"


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"
