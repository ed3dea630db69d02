"""/v1/people, /v1/invitations, /v1/sessions: who signs in to the pages; for the administrator."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from provenance.accounts import people, sessions
from provenance.accounts.people import Invitation, NewInvitation, Person
from provenance.accounts.sessions import SessionRecord

from ..dependencies import ApplicationDep, MayAdminister, Page
from ..problems import responses

router = APIRouter(prefix="/v1", tags=["accounts"])


class IssuedInvitation(Invitation):
    url: str = Field(description="What to give to whoever is invited.")


class PersonSessions(BaseModel):
    items: list[SessionRecord]


@router.post(
    "/invitations",
    operation_id="invitePerson",
    summary="Invite somebody to the pages",
    status_code=201,
    responses=responses(401, 403, 404),
)
def invite_person(new: NewInvitation, app: ApplicationDep, _: MayAdminister) -> IssuedInvitation:
    """By a link that works once, within a week. Of a person who is named it sets another password."""
    made = people.invite(app.db, new)
    return IssuedInvitation(**dict(made), url=f"{app.settings.public_address}/invitation/{made.secret}")


@router.get("/people", operation_id="listPeople", summary="Who signs in to the pages", responses=responses(401, 403))
def list_people(app: ApplicationDep, _: MayAdminister) -> Page[Person]:
    """Oldest first, those who may not any more too."""
    return Page(items=people.everyone(app.db), next=None)


@router.delete(
    "/people/{person_id}", operation_id="disablePerson", summary="Sign somebody out", responses=responses(401, 403, 404)
)
def disable_person(person_id: str, app: ApplicationDep, _: MayAdminister) -> Person:
    """Everywhere and for good, until an invitation gives them another password."""
    return people.disable(app.db, person_id)


@router.get(
    "/people/{person_id}/sessions",
    operation_id="listSessions",
    summary="Where somebody is signed in",
    responses=responses(401, 403, 404),
)
def list_sessions(person_id: str, app: ApplicationDep, _: MayAdminister) -> PersonSessions:
    """Newest first."""
    people.get(app.db, person_id)
    return PersonSessions(items=sessions.of(app.db, person_id))


@router.delete(
    "/sessions/{session_id}",
    operation_id="endSession",
    summary="End a session",
    status_code=204,
    responses=responses(401, 403, 404),
)
def end_session(session_id: str, app: ApplicationDep, _: MayAdminister) -> Response:
    sessions.end(app.db, session_id)
    return Response(status_code=204)
