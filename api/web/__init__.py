"""Pages for people, rendered here: the same domain functions as the routes of `v1`, and nothing that those lack."""

from __future__ import annotations

from fastapi import APIRouter

from .pages import complaints, home, ledger, me, platform, review, sightings, sign_in, watches, works

ROUTERS: tuple[APIRouter, ...] = (
    home.router,
    sign_in.router,
    me.router,
    works.router,
    sightings.router,
    watches.router,
    review.router,
    platform.router,
    complaints.router,
    ledger.router,
)
