"""Webhooks as they arrive (Standard Webhooks 1.0): verified, then read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from provenance.errors import VerificationFailed
from provenance.jobs.events import PAYLOADS
from provenance.schema_fields import Record


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        event_id: the same each time it is sent: what was seen before is to be passed over.
        type: its name, such as ``scan.decided``.
        timestamp: when it happened, ISO 8601.
        data: the payload, of the class that the event has; None of an event that this version does not know.
    """

    event_id: str
    type: str
    timestamp: str
    data: Record | None


def verify_webhook(body: bytes, headers: Mapping[str, str], secret: str) -> Event:
    """The event of a webhook, after checking that the service has signed it within the last five minutes.

    Args:
        body: the request's body, byte by byte as it came.
        headers: its headers, whatever the case of their names.
        secret: of the endpoint, ``whsec_...``; of two in force either one will do.

    Raises:
        VerificationFailed: nobody with the secret has signed this body, or too long ago: do not act on it.
    """
    plain = {name.lower(): value for name, value in headers.items()}
    try:
        Webhook(secret).verify(body, plain)
        told = json.loads(body)
        kind = PAYLOADS.get(told["type"])
        data = None if kind is None else kind.model_validate(told["data"])
        return Event(plain["webhook-id"], told["type"], told["timestamp"], data)
    except (WebhookVerificationError, ValidationError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise VerificationFailed(f"this is no webhook of the service: {error}") from error
