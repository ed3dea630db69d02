"""/v1/webhooks: being told of what happens, by signed requests."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from provenance.jobs import webhooks
from provenance.scans.sightings import parse_since
from provenance.schemas.webhooks import (
    DeliveryRecord,
    IssuedWebhook,
    NewWebhook,
    Redelivered,
    Redelivery,
    Rotation,
    WebhookRecord,
    WebhookTrial,
)

from ..dependencies import AnyKey, ApplicationDep, Cursor, Limit, Page, own, read_cursor, write_cursor
from ..problems import responses

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


@router.post(
    "", operation_id="createWebhook", summary="Make an endpoint", status_code=201, responses=responses(401, 403, 409)
)
def create_webhook(new: NewWebhook, app: ApplicationDep, principal: AnyKey) -> IssuedWebhook:
    """It is told of what happens from then on. The secret is in this answer and nowhere else: with it you verify the
    signatures, by the Standard Webhooks specification. Where it goes must be https and on the public internet."""
    return webhooks.create(app.db, principal.account_id, new, app.background.rules, app.background.secrets)


@router.get("", operation_id="listWebhooks", summary="Your endpoints", responses=responses(401, 403))
def list_webhooks(
    app: ApplicationDep, principal: AnyKey, limit: Limit = 100, cursor: Cursor = None
) -> Page[WebhookRecord]:
    """Oldest first, each with what waits for it and what was given up."""
    found, after = webhooks.page(app.db, own(principal), after=read_cursor(cursor), limit=limit)
    return Page(items=found, next=write_cursor(after))


@router.get("/{webhook_id}", operation_id="getWebhook", summary="One endpoint", responses=responses(401, 403, 404))
def get_webhook(webhook_id: str, app: ApplicationDep, principal: AnyKey) -> WebhookRecord:
    return webhooks.get(app.db, webhook_id, own(principal))


@router.delete(
    "/{webhook_id}", operation_id="removeWebhook", summary="Remove an endpoint", responses=responses(401, 403, 404)
)
def remove_webhook(webhook_id: str, app: ApplicationDep, principal: AnyKey) -> WebhookRecord:
    """With what waits for it, and the watches that send there."""
    return webhooks.remove(app.db, webhook_id, own(principal))


@router.post(
    "/{webhook_id}/secret", operation_id="rotateWebhook", summary="A new secret", responses=responses(401, 403, 404)
)
def rotate_webhook(webhook_id: str, rotation: Rotation, app: ApplicationDep, principal: AnyKey) -> IssuedWebhook:
    """For a while every request has two signatures, one by the old secret."""
    return webhooks.rotate(app.db, webhook_id, own(principal), rotation, app.background.secrets)


@router.post(
    "/{webhook_id}/test", operation_id="tryWebhook", summary="Try an endpoint out", responses=responses(401, 403, 404)
)
def try_webhook(webhook_id: str, app: ApplicationDep, principal: AnyKey) -> WebhookTrial:
    """Sends the event `webhook.test` now, once, and says what the endpoint answered."""
    return webhooks.try_out(app.db, webhook_id, own(principal), app.background.rules, app.background.secrets)


@router.post(
    "/{webhook_id}/redelivery",
    operation_id="redeliverWebhook",
    summary="Send again",
    responses=responses(401, 403, 404),
)
def redeliver_webhook(webhook_id: str, wanted: Redelivery, app: ApplicationDep, principal: AnyKey) -> Redelivered:
    """What was given up, or all since a time, each with the webhook-id it had. A disabled endpoint is enabled again."""
    return webhooks.redeliver(app.db, webhook_id, own(principal), parse_since(wanted.since))


@router.get(
    "/{webhook_id}/deliveries",
    operation_id="listDeliveries",
    summary="What was sent to an endpoint",
    responses=responses(401, 403, 404),
)
def list_deliveries(
    webhook_id: str,
    app: ApplicationDep,
    principal: AnyKey,
    state: Annotated[Literal["pending", "delivered", "dead"] | None, Query(description="Only these.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[DeliveryRecord]:
    """And what waits, oldest first."""
    found, after = webhooks.deliveries_page(
        app.db, webhook_id, own(principal), state=state, after=read_cursor(cursor), limit=limit
    )
    return Page(items=found, next=write_cursor(after))
