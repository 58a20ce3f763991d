from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client

from accounts import services
from accounts.models import Activity
from accounts.selectors import timeline
from accounts.selectors.timeline import activities_of
from revops.core import clock
from revops.core.errors import IllegalState, InvalidInput, StaleCopy
from revops.core.models import OutboxEvent
from revops.users.models import User
from tests.accounts.builders import make_account, make_call, make_contact


def test_a_logged_call_happened_now_and_is_told_to_who_listens(alice: User) -> None:
    call = make_call(make_account(alice), minutes=18)
    assert (call.status, call.owner, call.minutes) == ("completed", alice, 18)
    event = OutboxEvent.objects.get(name="accounts.ActivityCompleted")
    assert event.payload == {"activity_id": call.pk, "kind": "call"}


def test_what_is_in_the_future_is_planned_and_not_logged(alice: User) -> None:
    with pytest.raises(InvalidInput):
        make_call(make_account(alice), happened_at=clock.now() + timedelta(hours=1))
    assert not Activity.objects.exists()


def test_a_contact_brings_its_account_and_not_another(alice: User) -> None:
    contact = make_contact(make_account(alice))
    note = services.log_activity(actor=alice, kind="note", subject="Met", contact=contact)
    assert note.account == contact.account
    with pytest.raises(InvalidInput):
        services.log_activity(actor=alice, kind="note", subject="Met", contact=contact, account=make_account(alice))


def test_a_planned_activity_is_moved_then_done_and_stays_done(alice: User) -> None:
    due = clock.now() + timedelta(days=1)
    task = services.plan_activity(actor=alice, kind="task", subject="Send prices", due_at=due)
    moved = services.update_activity(activity=task, version=1, actor=alice, due_at=due + timedelta(days=1))
    done = services.complete_activity(activity=moved, version=2, actor=alice, outcome="Sent")
    assert (done.status, done.outcome, done.version) == ("completed", "Sent", 3)
    for verb in (services.complete_activity, services.cancel_activity):
        with pytest.raises(IllegalState):
            verb(activity=done, version=3, actor=alice)
    with pytest.raises(IllegalState):
        services.update_activity(activity=done, version=3, actor=alice, due_at=due)
    done.refresh_from_db()
    assert done.version == 3


def test_a_stale_copy_is_not_completed_twice(alice: User) -> None:
    task = services.plan_activity(actor=alice, kind="task", subject="Send", due_at=clock.now())
    services.update_activity(activity=task, version=1, actor=alice, subject="Send prices")
    with pytest.raises(StaleCopy):
        services.complete_activity(activity=task, version=1, actor=alice)


def test_a_planned_activity_without_a_time_is_refused_by_the_database(alice: User) -> None:
    task = services.plan_activity(actor=alice, kind="task", subject="Send", due_at=clock.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        Activity.objects.filter(pk=task.pk).update(due_at=None)
    with pytest.raises(InvalidInput):
        services.update_activity(activity=task, version=1, actor=alice, due_at=None)


def test_an_unknown_kind_and_an_empty_subject_are_refused(alice: User) -> None:
    for kind, subject in (("seance", "Met"), ("call", " ")):
        with pytest.raises(InvalidInput):
            services.log_activity(actor=alice, kind=kind, subject=subject)


def test_who_sees_the_account_sees_its_activities_and_nobody_else(alice: User, bob: User, charlie: User) -> None:
    account = make_account(alice)
    make_call(account)
    assert [Activity.objects.visible_to(user).count() for user in (alice, bob, charlie)] == [1, 1, 0]


def test_reach_over_everything_is_not_narrowed_by_the_sources(alice: User, dana: User, sam: User) -> None:
    make_call(make_account(alice))
    assert Activity.objects.visible_to(dana).count() == 1


def test_the_timeline_tells_activities_and_changes_newest_first(alice: User) -> None:
    account = make_account(alice, "Acme")
    make_call(account)
    services.update_account(account=account, version=1, actor=alice, industry="Rail")
    entries = timeline(record=account, activities=activities_of(account, viewer=alice))
    assert [entry.title for entry in entries] == [
        "Account changed",
        "Call: Asked about the budget",
        "Account created",
    ]
    assert entries[0].changes == [("industry", "–", "Rail")]


def test_account_and_contact_say_their_next_action(alice: User, client: Client) -> None:
    contact = make_contact(make_account(alice))
    client.force_login(alice)
    pages = (contact.get_absolute_url(), contact.account.get_absolute_url())
    for page in pages:
        assert "No next action" in client.get(page).content.decode()
    services.plan_activity(
        actor=alice, kind="call", subject="Ask again", due_at=clock.now() - timedelta(days=1), contact=contact
    )
    for page in pages:
        text, tone = client.get(page).context["next"]
        assert (text.startswith("Ask again, "), tone) == (True, "late")


@pytest.mark.parametrize(
    ("sent", "due"),
    [
        ({"text": "Send the prices"}, "2026-11-24 09:00"),
        ({"text": "Send the prices on Friday at 15:00\nAll three"}, "2026-11-27 15:00"),
        ({"text": "Send the prices on Friday", "next_at": "2026-12-01T08:30"}, "2026-12-01 08:30"),
        ({"text": "", "next_subject": "Send the prices"}, "2026-11-24 09:00"),
    ],
)
@time_machine.travel("2026-11-23 10:00+00:00", tick=False)
def test_a_task_is_planned_from_the_log_box_for_the_time_that_its_text_names(
    sent: dict[str, str], due: str, alice: User, client: Client
) -> None:
    account = make_account(alice)
    client.force_login(alice)
    assert client.post(f"/accounts/{account.pk}/log/", {"kind": "task", **sent}).status_code == 302
    task = Activity.objects.get()
    assert (task.kind, task.status, task.account, task.minutes) == ("task", "planned", account, None)
    assert f"{task.due_at:%Y-%m-%d %H:%M}" == due
    assert task.subject.startswith("Send the prices") and "\n" not in task.subject
    assert ("All three" in task.body) == ("\n" in sent["text"])


def test_a_task_is_one_thing(alice: User, client: Client) -> None:
    account = make_account(alice)
    client.force_login(alice)
    both = {"kind": "task", "text": "Send the prices", "next_subject": "Ring", "next_at": "2030-01-02T10:00"}
    for sent in (both, {"kind": "task", "text": " "}):
        assert client.post(f"/accounts/{account.pk}/log/", sent).status_code == 422
    assert not Activity.objects.exists()
    page = client.get(account.get_absolute_url()).content.decode()
    assert 'value="task"' in page and 'data-key="l"' in page
