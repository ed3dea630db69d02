"""The OpenAPI declarations of bodies that `bodies` reads: FastAPI cannot tell them from the dependencies."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from .bodies import JSON_LINES, MEDIA_PARTS

_NOT_BLANK = {"type": "string", "pattern": r"^[^\u0000-\u0020\u007f-\u00a0\u2028\u2029]"}


def batch_body(model: type[BaseModel], example: dict[str, Any], about: str) -> dict[str, Any]:
    """The OpenAPI declaration of a batch, of which each item is judged by itself."""
    anything = {"description": "Anything else is answered by a result with the status `error`."}
    items = {"type": "array", "description": about, "minItems": 1, "items": {"anyOf": [_reference(model), anything]}}
    schema = {"type": "object", "required": ["items"], "properties": {"items": items}, "additionalProperties": False}
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": schema, "example": {"items": [example]}},
                JSON_LINES: {"schema": {"type": "string", "description": "An item a line.", "minLength": 1}},
            },
        }
    }


def request_body(model: type[BaseModel], example: dict[str, Any], **constant: Any) -> dict[str, Any]:
    """The OpenAPI declaration of a body that `item` reads.

    Args:
        constant: fields that the route takes with one value only.
    """
    inline = [kind for kind in ("text", "html") if kind in model.model_fields]
    # An account with a default owner may leave the owner out, no other may.
    needed = ["owner"] if "owner" in model.model_fields else []
    narrower = {**dict.fromkeys(needed, _NOT_BLANK), **{name: {"const": value} for name, value in constant.items()}}

    def holding(content: str | None) -> dict[str, Any]:
        texts = {kind: {"type": "string", "minLength": 1} if kind == content else {"type": "null"} for kind in inline}
        return {"required": [*needed, *([content] if content else [])], "properties": {**narrower, **texts}}

    json_shapes = [holding(kind) for kind in inline]
    shape = json_shapes[0] if len(json_shapes) == 1 else {"oneOf": json_shapes}
    metadata = {
        **_reference(model),
        **holding(None),
        "description": f"A {model.__name__} object without {' or '.join(inline)}.",
        "example": {name: value for name, value in example.items() if name not in inline},
    }
    parts = {"file": {"type": "string", "format": "binary", "minLength": 1}, "metadata": metadata}
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {**_reference(model), **shape}, "example": example},
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["file", *(["metadata"] if needed else [])],
                        "properties": parts,
                        "additionalProperties": False,
                    },
                    "encoding": {"metadata": {"contentType": "application/json"}},
                },
            },
        }
    }


def _reference(model: type[BaseModel]) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def post_body(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI declaration of a body that `read_post` reads."""
    some_text = [
        {"required": [kind], "properties": {kind: {"type": "string", "pattern": r"\S"}}}
        for kind in ("title", "html", "text", "caption")
    ]
    files = {"type": "array", "items": {"type": "string", "format": "binary", "minLength": 1}}
    some_part = [
        {"required": ["file"], "properties": {"file": {"minItems": 1}}},
        {"required": ["metadata"], "properties": {"metadata": {"anyOf": some_text}}},
    ]
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {**_reference(model), "anyOf": some_text}, "example": example},
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {"file": files, "metadata": {**_reference(model), "example": example}},
                        "additionalProperties": False,
                        "anyOf": some_part,
                    },
                    "encoding": {"metadata": {"contentType": "application/json"}},
                },
            },
        }
    }


def media_body() -> dict[str, Any]:
    """The OpenAPI declaration of a body that `read_media` reads."""
    schema = {
        "type": "object",
        "properties": {name: {"type": "string", "format": "binary", "minLength": 1} for name in MEDIA_PARTS},
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def statement_body(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI declaration of a body that `read_post` reads: what somebody says in a case, and files."""
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": _reference(model), "example": example},
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["metadata"],
                        "properties": {"file": files, "metadata": {**_reference(model), "example": example}},
                        "additionalProperties": False,
                    },
                    "encoding": {"metadata": {"contentType": "application/json"}},
                },
            },
        }
    }
