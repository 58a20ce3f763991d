"""Bulk actions: frozen rows, one service a row, every outcome kept, cancel, undo, and one job for a form sent twice."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from revops.core import bulk, jobs
from revops.core.errors import IllegalState, NotAllowed
from revops.core.models import AuditEntry, BulkRow, JobRun
from tests.core.pages import PeopleList
from tests.core.test_lists import make_people
from tests.core.threads import together

User = get_user_model()
pytestmark = pytest.mark.urls("tests.core.pages")
People = Callable[..., Any]


@pytest.fixture
def people(alice: Any, client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Twelve people, alice signed in, and no worker that would run ahead of the test."""
    monkeypatch.setattr(jobs, "_enqueue", [lambda job, queue: None])
    make_people(12)
    client.force_login(alice)
    return client


def keys(*names: str) -> list[int]:
    return list(User.objects.filter(username__in=names).values_list("pk", flat=True))


def shouted() -> set[str]:
    return set(User.objects.filter(title__startswith="Shouted").values_list("username", flat=True))


def started(actor: Any, names: str = "p", **more: Any) -> JobRun:
    page = PeopleList.seen_by(actor, "")
    rows = page.rows().filter(username__startswith=names)
    return bulk.start(place="people", action="shout", title="Shout", rows=rows, actor=actor, **more)


def done(job: JobRun) -> JobRun:
    return jobs.run(str(job.pk))


def test_the_ticked_rows_are_done_while_one_waits_and_the_page_says_so(people: Client) -> None:
    answer = people.post("/people/?title=Rep", {"action": "shout", "pk": keys("p001", "p002")}, follow=True)
    assert answer.redirect_chain == [("/people/?title=Rep", 302)]
    html = answer.content.decode()
    assert "2 rows changed." in html and "data-undo" in html
    assert shouted() == {"p001", "p002"}
    job = JobRun.objects.get()
    assert job.state == "done" and job.counts == {"changed": 2} and job.done == job.total == 2
    assert AuditEntry.objects.get(action="bulk.started").facts == {"place": "people", "verb": "shout", "rows": 2}


def test_the_whole_filter_is_done_and_never_a_row_outside_it(people: Client) -> None:
    people.post("/people/?title=Boss", {"action": "shout", "pk": keys("p000"), "all": "1"})
    assert shouted() == {"p000", "p004", "p008"}
    alice = User.objects.get(username="alice")
    assert people.post("/people/", {"action": "shout", "pk": [alice.pk]}).status_code == 400
    assert JobRun.objects.count() == 1


def test_the_filter_is_frozen_when_the_person_says_go(people: Client, alice: Any) -> None:
    page = PeopleList.seen_by(alice, "?title=Boss")
    _filters, rows = page._filtered()
    job = bulk.start(place="people", action="shout", title="Shout", rows=rows, actor=alice, query="?title=Boss")
    User.objects.filter(username="p001").update(title="Boss")  # joins the filter too late
    User.objects.filter(username="p004").update(title="Rep")  # leaves it too late
    done(job)
    assert shouted() == {"p000", "p004", "p008"}


def test_rows_are_staged_by_one_statement_however_many(people: Client, alice: Any) -> None:
    make_people(400, start=100)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        job = started(alice)
    assert job.total == 412 and job.state == "queued"
    assert sum("INSERT INTO core_bulkrow" in query["sql"] for query in asked.captured_queries) == 1
    assert len(asked.captured_queries) < 12


@pytest.mark.parametrize(
    "data", [{"action": "shout"}, {"action": "fire", "pk": "1"}, {"action": "shout", "pk": "x;y"}, {"do": "magic"}]
)
def test_without_rows_or_right_nothing_starts(people: Client, data: dict[str, str]) -> None:
    assert people.post("/people/", data).status_code == 400
    assert not JobRun.objects.exists()


def test_a_refused_row_is_named_with_its_reason_and_the_others_are_done(people: Client, alice: Any) -> None:
    User.objects.filter(username="p002").update(last_name="Refuser")
    job = done(started(alice, "p00"))
    assert job.counts == {"changed": 9, "refused": 1} and "p002" not in shouted()
    row = BulkRow.objects.get(job=job, outcome="refused")
    assert row.reason == "p002 does not listen to alice."
    people.force_login(alice)
    answer = people.get(job.result["errors_url"])
    lines = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]
    assert lines == [["Id", "Row", "Reason"], [str(row.object_id), row.label, "p002 does not listen to alice."]]


def test_an_outsider_gets_neither_the_job_nor_its_rows_nor_its_undo(people: Client, alice: Any, charlie: Any) -> None:
    job = done(started(alice))
    people.force_login(charlie)
    for name in ("job", "job-refused", "job-file"):
        assert people.get(reverse(f"core:{name}", args=[job.pk])).status_code == 404
    assert people.post(reverse("core:job-undo", args=[job.pk])).status_code == 404


def test_chunks_go_on_where_the_last_one_ended(people: Client, alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 5)
    job = started(alice)
    assert jobs._step(str(job.pk)) is True
    job.refresh_from_db()
    assert (job.done, job.total, job.counts) == (5, 12, {"changed": 5})
    done(job)
    job.refresh_from_db()
    assert (job.done, job.state) == (12, "done")
    assert set(User.objects.filter(username__startswith="p").values_list("version", flat=True)) == {2}


def test_a_step_that_breaks_leaves_nothing_of_itself(
    people: Client, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_tally", lambda job, lines: 1 / 0)
    job = started(alice)
    with pytest.raises(ZeroDivisionError):
        done(job)
    assert not shouted() and BulkRow.objects.filter(job=job, outcome="waiting").count() == 12
    monkeypatch.undo()
    done(job)
    assert len(shouted()) == 12


def test_a_row_that_went_out_of_sight_meanwhile_is_refused(people: Client, alice: Any) -> None:
    job = started(alice, "p00")
    User.objects.filter(username="p003").update(username="gone")
    job = done(job)
    assert job.counts == {"changed": 9, "refused": 1}
    assert BulkRow.objects.get(outcome="refused").reason == "This is no longer here, or no longer yours to see."


def test_a_right_that_is_lost_meanwhile_refuses_the_rest(
    people: Client, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 5)
    job = started(alice)
    jobs._step(str(job.pk))
    monkeypatch.setattr(PeopleList, "bulk_actions", ())
    job = done(job)
    assert job.counts == {"changed": 5, "refused": 7} and len(shouted()) == 5
    reasons = set(BulkRow.objects.filter(job=job, outcome="refused").values_list("reason", flat=True))
    assert reasons == {"Your role does not include this any more."}


def test_cancel_keeps_what_was_done_and_leaves_the_rest_out(
    people: Client, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 5)
    job = started(alice)
    jobs._step(str(job.pk))
    people.post(reverse("core:job-cancel", args=[job.pk]))
    job = done(job)
    assert job.state == "cancelled" and len(shouted()) == 5
    assert BulkRow.objects.filter(job=job, outcome="skipped").count() == 7
    html = people.get(reverse("core:job", args=[job.pk])).content.decode()
    assert "Undo, until" in html


# The way back -----------------------------------------------------------------------------


def test_undo_restores_what_nobody_changed_since_and_lists_the_rest(people: Client, alice: Any) -> None:
    job = done(started(alice, "p00"))
    User.objects.filter(username="p003").update(title="Admiral", version=3)
    people.post(reverse("core:job-undo", args=[job.pk]))
    undo = JobRun.objects.get(kind=bulk.UNDO)
    assert undo.state == "done" and undo.counts == {"restored": 9, "left_alone": 1}
    titles = dict(User.objects.filter(username__startswith="p00").values_list("username", "title"))
    assert titles["p003"] == "Admiral" and titles["p000"] == "Boss" and titles["p001"] == "Rep"
    assert [row.reason for row in bulk.refused_rows(undo)] == ["Somebody changed it since."]
    answer = people.get(undo.result["errors_url"])
    assert b"Somebody changed it since." in b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_undo_works_once_by_who_did_it_and_for_a_day(people: Client, alice: Any, dana: Any, time_machine: Any) -> None:
    job = done(started(alice, "p00"))
    with pytest.raises(NotAllowed):
        bulk.start_undo(job=job, actor=dana)
    time_machine.move_to(job.finished_at + timedelta(hours=24, seconds=1), tick=False)
    with pytest.raises(IllegalState):
        bulk.start_undo(job=job, actor=alice)
    time_machine.move_to(job.finished_at + timedelta(hours=23, minutes=59), tick=False)
    undo = bulk.start_undo(job=job, actor=alice)
    with pytest.raises(IllegalState):
        bulk.start_undo(job=job, actor=alice)
    done(undo)
    assert not shouted()


def test_a_job_that_runs_still_is_not_undone(people: Client, alice: Any) -> None:
    with pytest.raises(IllegalState):
        bulk.start_undo(job=started(alice), actor=alice)


# Sent twice -------------------------------------------------------------------------------


def test_the_same_form_sent_twice_is_one_job_and_another_selection_is_another(people: Client, alice: Any) -> None:
    form = {"action": "shout", "pk": keys("p001", "p002"), "token": "t1"}
    for _ in range(2):
        people.post("/people/", form)
    assert JobRun.objects.count() == 1
    assert set(User.objects.filter(username__in=["p001", "p002"]).values_list("version", flat=True)) == {2}
    people.post("/people/", {**form, "pk": keys("p003")})  # from the same page, gone back to
    assert JobRun.objects.count() == 2 and "p003" in shouted()


@pytest.mark.django_db(transaction=True)
def test_the_same_form_sent_at_the_same_moment_is_one_job(people: Client, alice: Any) -> None:
    found = together(*[lambda: str(started(alice, token="t2").pk)] * 4)
    assert len(set(found)) == 1 and JobRun.objects.count() == 1
    assert BulkRow.objects.count() == 12


# Edit a field -----------------------------------------------------------------------------


def test_any_field_that_is_edited_in_place_is_edited_for_many_and_undone(people: Client, alice: Any) -> None:
    html = people.get("/people/?field=title&edit-field=title").content.decode()
    assert 'name="edit-value"' in html and "<html" not in html
    form = {"action": "edit", "pk": keys("p000", "p001"), "edit-field": "title", "edit-value": "Captain"}
    assert "2 rows changed." in people.post("/people/", form, follow=True).content.decode()
    assert set(User.objects.filter(username__in=["p000", "p001"]).values_list("title", flat=True)) == {"Captain"}
    people.post(reverse("core:job-undo", args=[JobRun.objects.get().pk]))
    titles = dict(User.objects.filter(username__in=["p000", "p001"]).values_list("username", "title"))
    assert titles == {"p000": "Boss", "p001": "Rep"}


@pytest.mark.parametrize("data", [{"edit-field": "password", "edit-value": "x"}, {"edit-field": "last_name"}, {}])
def test_a_field_that_is_not_offered_or_a_value_that_is_none_starts_nothing(people: Client, data: Any) -> None:
    answer = people.post("/people/", {"action": "edit", "pk": keys("p000"), **data})
    assert answer.status_code == 400 and not JobRun.objects.exists()


def test_an_unchanged_row_counts_as_unchanged(people: Client, alice: Any) -> None:
    form = {"action": "edit", "pk": keys("p000", "p001"), "edit-field": "title", "edit-value": "Boss"}
    people.post("/people/", form)
    assert JobRun.objects.get().counts == {"unchanged": 1, "changed": 1}


def test_the_end_of_a_long_one_is_told_and_of_one_that_was_waited_for_is_not(
    people: Client, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(jobs, "_tell", [lambda job: told.append(str(job.pk))])
    done(started(alice, "p00"))
    assert told == []
    long = done(started(alice, "p00", at_once=5))
    assert told == [str(long.pk)]
