"""Statements of reasons in the shape of the EU's DSA Transparency Database (its API as documented, version 2 of the
schema, in force since July 2025). `dsa_statement.schema.json` states the shape.

It takes no personal data: works, owners and accounts are not named.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from ...errors import BadInput
from ...schemas.decisions import StatementOfReasons
from . import statement_text

MAX_STATEMENTS = 100  # that the database takes in one request
_FACTS, _GROUND = 5000, 500  # most characters
_VISIBILITY = {
    "label": "DECISION_VISIBILITY_CONTENT_LABELLED",
    "restrict": "DECISION_VISIBILITY_CONTENT_DISABLED",
    "ask-for-credit": "DECISION_VISIBILITY_CONTENT_DISABLED",
    "hold": "DECISION_VISIBILITY_CONTENT_DISABLED",
}
_CONTENT = {
    "text": "CONTENT_TYPE_TEXT",
    "image": "CONTENT_TYPE_IMAGE",
    "audio": "CONTENT_TYPE_AUDIO",
    "video": "CONTENT_TYPE_VIDEO",
}
_SOURCES = {
    "voluntary": "SOURCE_VOLUNTARY",
    "notice": "SOURCE_ARTICLE_16",
    "trusted_flagger": "SOURCE_TRUSTED_FLAGGER",
}
_EXPLANATIONS = {
    "law": "The post reuses a registered work without the owner's permission, or without naming owner and source as "
    "the law asks.",
    "terms": "The post reuses a registered work in a way that the clause does not allow.",
}


def concerns_the_area(statement: StatementOfReasons) -> bool:
    """Whether the restriction holds anywhere in the European Economic Area."""
    territory = statement.restriction.territory
    return not territory or not set(territory).isdisjoint(_countries())


def to_dsa(statement: StatementOfReasons) -> dict[str, Any]:
    """One statement as the body of a request to the database.

    Raises:
        BadInput: it concerns no country that the database takes.
    """
    if not concerns_the_area(statement):
        raise BadInput(f"{statement.statement_id} holds in no country of the European Economic Area: nothing to report")
    restriction = statement.restriction
    content = [_CONTENT[medium] for medium in statement.media]
    body = {
        "decision_visibility": [_VISIBILITY[restriction.kind]],
        "end_date_visibility_restriction": None if restriction.ends is None else restriction.ends[:10],
        **_ground(statement),
        "content_type": content or ["CONTENT_TYPE_OTHER"],
        "content_type_other": None if content else "a post whose content is of no known kind",
        "category": "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS",
        "category_specification": ["KEYWORD_COPYRIGHT_INFRINGEMENT"],
        "territorial_scope": [each for each in _countries() if each in (restriction.territory or _countries())],
        "content_date": (statement.posted_at or statement.made_at)[:10],
        "application_date": restriction.begins[:10],
        "decision_facts": statement_text.facts(statement.matches, "en", named=False)[:_FACTS],
        "source_type": _SOURCES[statement.source],
        "automated_detection": "Yes" if statement.automated_detection else "No",
        "automated_decision": (
            "AUTOMATED_DECISION_FULLY" if statement.automated_decision else "AUTOMATED_DECISION_NOT_AUTOMATED"
        ),
        "puid": statement.statement_id,
    }
    return {name: value for name, value in body.items() if value is not None}


def _ground(statement: StatementOfReasons) -> dict[str, Any]:
    ground = statement.ground
    kind = "illegal" if ground.kind == "law" else "incompatible"
    reference = f"{kind}_content_{'legal_ground' if kind == 'illegal' else 'ground'}"
    return {
        "decision_ground": f"DECISION_GROUND_{kind.upper()}_CONTENT",
        "decision_ground_reference_url": ground.url,
        reference: ground.reference[:_GROUND],
        f"{kind}_content_explanation": _EXPLANATIONS[ground.kind],
    }


def _countries() -> list[str]:
    """The European Economic Area, as the database lists it."""
    countries: list[str] = schema()["properties"]["territorial_scope"]["items"]["enum"]
    return countries


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of `to_dsa`."""
    loaded: dict[str, Any] = json.loads(files(__package__).joinpath("dsa_statement.schema.json").read_text("utf-8"))
    return loaded
