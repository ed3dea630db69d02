"""The review queue as reviewers meet it: what waits, who may take it, what a decision changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount
from provenance.application import Application
from provenance.database.tables import review_items
from provenance.errors import Conflict, Forbidden, NotFound
from provenance.scans.review import history, statements, stay_down
from provenance.scans.review.history import Sought
from provenance.scans.review.queue import Wanted
from provenance.scans.review.reviewer import Reviewer
from provenance.schemas.decisions import Undo
from provenance.schemas.review import QueueSettings
from provenance.schemas.stay_down import NewStayDown
from tests.provenance.conftest import ESSAY, register_work
from tests.provenance.scans.reviewing import PLATFORM, choose, open_desk, post, reviewer


@pytest.fixture
def desk(application: Application) -> Application:
    return open_desk(application)


@pytest.fixture
def one_desk(sqlite_application: Application) -> Application:
    return open_desk(sqlite_application)


def test_the_oldest_comes_first_and_nobody_gets_it_twice(desk: Application) -> None:
    scans = [post(desk, n).scan_id for n in range(3)]
    queue, ann, ben = desk.review_queue, reviewer(desk, "ann"), reviewer(desk, "ben")
    first, second = queue.take(ann), queue.take(ben)
    assert first.item is not None
    assert second.item is not None
    assert [first.item.scan_id, second.item.scan_id] == scans[:2]
    assert (first.waiting, second.waiting) == (3, 3)
    assert first.item.action == "ask-for-credit"
    assert first.item.scan.matches[0].title == "The Salt Ferry"
    with pytest.raises(Conflict, match="ann looks at"):
        queue.take_one(ben, first.item.item_id)
    with pytest.raises(Conflict, match="ann looks at"):
        desk.decisions.decide_item(ben, first.item.item_id, choose("release"))
    listed, after = queue.page(ann, Wanted(state="waiting"))
    assert ([each.scan_id for each in listed], after) == (scans, None)
    assert [each.reviewer_name for each in listed] == ["ann", "ben", None]


def test_an_expired_lease_that_wakes_up_decides_nothing(desk: Application) -> None:
    post(desk)
    queue, ann, ben = desk.review_queue, reviewer(desk, "ann"), reviewer(desk, "ben")
    old = queue.take(ann).item
    assert old is not None
    expire(desk, old.item_id)
    new = queue.take(ben).item  # it is offered again
    assert new is not None
    assert new.item_id == old.item_id
    for late in (old.lease, None):
        with pytest.raises(Conflict) as refused:
            desk.decisions.decide_item(ann, old.item_id, choose("release"), late)
        assert refused.value.reason == ("lease_expired" if late else "taken")
    expire(desk, old.item_id)
    with pytest.raises(Conflict, match="run out"):  # though nobody has taken it since
        desk.decisions.decide_item(ben, old.item_id, choose("release"), new.lease)
    assert desk.decisions.decide_item(ben, old.item_id, choose("release")).in_force


def expire(application: Application, item_id: str) -> None:
    with application.db.write() as connection:
        connection.execute(
            review_items.update()
            .where(review_items.c.item_id == item_id)
            .values(lease_until=review_items.c.lease_until - 3600)
        )


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each act returned or raised; all begin in the same moment."""
    barrier, out = threading.Barrier(len(acts)), [None] * len(acts)

    def run(n: int) -> None:
        barrier.wait()
        try:
            out[n] = acts[n]()
        except Exception as error:
            out[n] = error

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return out


def test_of_many_who_take_at_once_no_two_get_one(desk: Application) -> None:
    for n in range(5):
        post(desk, n)
    people = [reviewer(desk, f"r{n}") for n in range(8)]
    taken = at_once(*(lambda who=who: desk.review_queue.take(who) for who in people))
    got = [each.item.item_id for each in taken if each.item is not None]
    assert len(got) == len(set(got)) == 5


def test_of_two_who_decide_at_once_one_does(desk: Application) -> None:
    scans = [post(desk, n).scan_id for n in range(4)]
    waiting, _ = desk.review_queue.page(reviewer(desk, "ann"), Wanted())
    for n, item in enumerate(waiting):
        people = [reviewer(desk, f"r{k}") for k in range(4)]
        acts = [
            lambda who=who, item=item: desk.decisions.decide_item(who, item.item_id, choose("restrict"))
            for who in people[:2]
        ]
        acts += [
            lambda who=who, n=n: desk.decisions.decide_scan(who, scans[n], choose("release")) for who in people[2:]
        ]
        answers = at_once(*acts)
        assert [type(each).__name__ for each in answers].count("Decision") == 1
        assert [type(each).__name__ for each in answers].count("Conflict") == 3
    found, _ = history.log(desk.db, None, Sought(automated=False))
    assert len(found) == 4


def test_a_skipped_item_is_for_others(one_desk: Application) -> None:
    scans = [post(one_desk, n).scan_id for n in range(2)]
    queue, ann, ben = one_desk.review_queue, reviewer(one_desk, "ann"), reviewer(one_desk, "ben")
    first = queue.take(ann).item
    assert first is not None
    queue.skip(ann, first.item_id, first.lease)
    second = queue.take(ann).item
    assert second is not None
    assert second.scan_id == scans[1]
    assert queue.take(ann).item is None
    offered = queue.take(ben).item
    assert offered is not None
    assert offered.scan_id == scans[0]


def test_items_move_to_queues_that_some_may_work_on(one_desk: Application) -> None:
    post(one_desk)
    queue, ann, ben = one_desk.review_queue, reviewer(one_desk, "ann"), reviewer(one_desk, "ben")
    queue.set_queue(ann.account_id or "", "pictures", QueueSettings(reviewers=["ben"]))
    item = queue.page(ann, Wanted())[0][0]
    assert queue.move(ann, item.item_id, "pictures").queue == "pictures"
    assert queue.page(ann, Wanted()) == ([], None)
    assert queue.take(ann).item is None
    with pytest.raises(NotFound):
        queue.get(ann, item.item_id)
    with pytest.raises(Forbidden, match="other reviewers"):
        one_desk.decisions.decide_item(ann, item.item_id, choose("release"))
    assert queue.take(ben, "ask-for-credit").item is None
    taken = queue.take(ben, "pictures").item
    assert taken is not None
    assert [each.queue for each in history.overview(one_desk.db, ben, None, 900).queues] == ["pictures"]
    assert history.overview(one_desk.db, ann, None, 900).queues == []


def test_another_platform_sees_nothing(one_desk: Application) -> None:
    scan = post(one_desk)
    other = accounts.create(one_desk.db, NewAccount(name="Other", kind="platform"))
    stranger = Reviewer(other.id, "key_x", "x")
    item = one_desk.review_queue.page(reviewer(one_desk, "ann"), Wanted())[0][0]
    assert one_desk.review_queue.page(stranger, Wanted()) == ([], None)
    assert one_desk.review_queue.take(stranger).item is None
    made = one_desk.decisions.decide_item(reviewer(one_desk, "ann"), item.item_id, choose("restrict"))
    for act in (
        lambda: one_desk.review_queue.get(stranger, item.item_id),
        lambda: one_desk.review_queue.comment(stranger, item.item_id, "hello"),
        lambda: one_desk.decisions.decide_item(stranger, item.item_id, choose("release")),
        lambda: one_desk.decisions.decide_scan(stranger, scan.scan_id or "", choose("release"), made.decision_id),
        lambda: one_desk.decisions.undo(stranger, made.decision_id, Undo()),
        lambda: history.of(one_desk.db, stranger, scan.scan_id or "", 900),
        lambda: history.get(one_desk.db, other.id, made.decision_id),
        lambda: statements.get(one_desk.db, made.statement_id or "", other.id),
        lambda: stay_down.add(one_desk.db, stranger, other.id, NewStayDown(scan_id=scan.scan_id)),
    ):
        with pytest.raises(NotFound):
            act()


# --- what a scan brings and ends -------------------------------------------------------------------------------------
def test_a_post_that_is_scanned_again_waits_once(desk: Application) -> None:
    first = post(desk)
    queue, ann = desk.review_queue, reviewer(desk, "ann")
    held = queue.take(ann).item
    assert held is not None
    post(desk)  # the same again: whoever looks at it goes on
    assert desk.review_queue.get(ann, held.item_id).scan_id == first.scan_id
    changed = post(desk, text=ESSAY + " And more was said of it that day than of anything else that year.")
    listed = queue.page(ann, Wanted())[0]
    assert [each.scan_id for each in listed] == [changed.scan_id]
    with pytest.raises(Conflict, match="changed"):
        desk.decisions.decide_item(ann, held.item_id, choose("release"), held.lease)


def test_a_corrected_post_waits_no_longer(one_desk: Application) -> None:
    post(one_desk)
    waiting = one_desk.review_queue.page(reviewer(one_desk, "ann"), Wanted())[0][0]
    post(one_desk, text="Nothing of anybody's, and written by whoever posts it on a long afternoon of rain and tea.")
    (item,), _ = one_desk.review_queue.page(reviewer(one_desk, "ann"), Wanted())
    assert (item.item_id, item.state) == (waiting.item_id, "settled")
    with pytest.raises(Conflict, match="settled"):
        one_desk.decisions.decide_item(reviewer(one_desk, "ann"), item.item_id, choose("restrict"))


def test_a_decision_holds_for_the_same_post_when_it_is_scanned_again(one_desk: Application) -> None:
    first = post(one_desk)
    ann = reviewer(one_desk, "ann")
    made = one_desk.decisions.decide_scan(ann, first.scan_id or "", choose("release"))
    again = post(one_desk)
    assert again.action is not None
    assert (again.action.do, again.action.rule, again.action.reason) == ("allow", made.decision_id, "decided_before")
    assert one_desk.review_queue.page(ann, Wanted(state="waiting")) == ([], None)
    elsewhere, changed = (
        post(one_desk, 2),
        post(one_desk, text=ESSAY + " And a word more, which nobody had looked at before."),
    )
    assert elsewhere.action is not None
    assert changed.action is not None
    assert (elsewhere.action.do, changed.action.do) == ("ask-for-credit", "ask-for-credit")


def test_a_decision_about_fewer_works_does_not_hold_for_more(one_desk: Application) -> None:
    first = post(one_desk)
    one_desk.decisions.decide_scan(reviewer(one_desk, "ann"), first.scan_id or "", choose("release"))
    register_work(one_desk, ESSAY.encode(), owner="Somebody Else", title="The same")
    again = post(one_desk)
    assert len(again.matches) == 2
    assert again.action is not None
    assert again.action.reason != "decided_before"


# --- second opinions -------------------------------------------------------------------------------------------------
@pytest.fixture
def strict(one_desk: Application) -> Application:
    ask_twice(one_desk)
    return one_desk


def ask_twice(application: Application) -> None:
    platform = accounts.find(application.db, PLATFORM).id
    application.review_queue.set_queue(platform, "ask-for-credit", QueueSettings(second_opinion="restrict"))


def test_another_person_has_to_agree(desk: Application) -> None:
    strict = desk
    ask_twice(strict)
    post(strict)
    ann, ben = reviewer(strict, "ann"), reviewer(strict, "ben")
    item = strict.review_queue.page(ann, Wanted())[0][0].item_id
    proposed = strict.decisions.decide_item(ann, item, choose("restrict"))
    assert (proposed.final, proposed.in_force, proposed.statement_id) == (False, False, None)
    assert strict.review_queue.take(ann).item is None
    again = Reviewer(ann.account_id, "key_new", "ann")  # a new key makes no new person
    for who in (ann, again):
        with pytest.raises(Conflict, match="another person"):
            strict.decisions.decide_item(who, item, choose("restrict"))
    offered = strict.review_queue.take(ben).item
    assert offered is not None
    assert (offered.opinions, offered.decisions[-1].reviewer_name) == (1, "ann")
    agreed = strict.decisions.decide_item(ben, item, choose("restrict"), offered.lease)
    assert agreed.in_force
    assert agreed.statement_id is not None


def test_where_two_differ_a_third_decides(strict: Application) -> None:
    post(strict)
    ann, ben, eve = (reviewer(strict, name) for name in ("ann", "ben", "eve"))
    item = strict.review_queue.page(ann, Wanted())[0][0].item_id
    assert not strict.decisions.decide_item(ann, item, choose("restrict")).final
    assert not strict.decisions.decide_item(ben, item, choose("release")).final
    listed = strict.review_queue.page(eve, Wanted())[0][0]
    assert (listed.queue, listed.opinions) == ("escalated", 2)
    assert strict.decisions.decide_item(eve, item, choose("label")).in_force


def test_what_needs_no_second_opinion_counts_at_once(strict: Application) -> None:
    post(strict)
    item = strict.review_queue.page(reviewer(strict, "ann"), Wanted())[0][0].item_id
    assert strict.decisions.decide_item(reviewer(strict, "ann"), item, choose("release")).in_force


def test_what_is_passed_on_waits_for_somebody_else(one_desk: Application) -> None:
    post(one_desk)
    ann, ben = reviewer(one_desk, "ann"), reviewer(one_desk, "ben")
    item = one_desk.review_queue.page(ann, Wanted())[0][0].item_id
    passed = one_desk.decisions.decide_item(ann, item, choose("escalate", "unsure", note="is this his own?"))
    assert not passed.final
    assert one_desk.review_queue.take(ann).item is None
    taken = one_desk.review_queue.take(ben, "escalated").item
    assert taken is not None
    assert taken.decisions[-1].note == "is this his own?"
    assert one_desk.decisions.decide_item(ben, item, choose("release"), taken.lease).in_force
