"""The administrator's page of what works in the background."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from kombu.exceptions import OperationalError as BrokerError

from revops.celery import TIMETABLE, app
from revops.core import clock, jobs, outbox, taskruns
from revops.core.jobs import JobKind
from revops.core.models import AuditEntry, Delivery, JobRun, OutboxEvent, TaskRun
from tests.cast import Cast

pytestmark = pytest.mark.django_db
PAGE = "/settings/jobs/"


@pytest.fixture
def admin(client: Client, olga: Any) -> Client:
    client.force_login(olga)
    return client


def failed_job(**fields: Any) -> JobRun:
    values = {
        "kind": "tests.chunks",
        "state": JobRun.State.FAILED,
        "tries": 5,
        "error": "ValueError: no book",
        **fields,
    }
    return JobRun.objects.create(**values)


def dead_letter(number: int = 1) -> Delivery:
    event = OutboxEvent.objects.create(name="tests.Broken", payload={})
    return Delivery.objects.create(
        event=event, handler=f"tests.handler{number}", state=Delivery.State.DEAD, tries=5, next_try_at=clock.now(),
        last_error="KeyError: 'rate'",
    )  # fmt: skip


def row_of(page: str, task: str) -> str:
    """The table's row of a task."""
    (row,) = [part for part in page.split("<tr>") if f">{task}</span>" in part]
    return row.split("</tr>")[0]


def test_every_job_of_the_timetable_stands_there_even_before_it_ever_ran(admin: Client) -> None:
    page = admin.get(PAGE).content.decode()
    for _title, task, _when, _queue in TIMETABLE:
        assert "Not run yet" in row_of(page, task)
    assert "The clock has not rung yet" in page
    assert "Nothing waits and nothing failed" in page and "Every event was delivered" in page


def test_last_start_end_outcome_time_next_run_and_errors_are_shown(admin: Client) -> None:
    now = clock.now()
    taskruns.known([task for _, task, _, _ in TIMETABLE])
    taskruns.began("core.relay")
    taskruns.ended("core.relay", "succeeded", timedelta(seconds=2.34))
    taskruns.began("leads.score_all")
    taskruns.ended("leads.score_all", "failed", timedelta(minutes=3), ValueError("no scorecard\nDETAIL: secret"))
    TaskRun.objects.filter(task="opportunities.expire_quotes").update(started_at=now, ended_at=now - timedelta(hours=1))
    TaskRun.objects.filter(task="postsales.sla_watch").update(started_at=now - timedelta(hours=1))
    page = admin.get(PAGE).content.decode()
    relay, score = row_of(page, "core.relay"), row_of(page, "leads.score_all")
    assert "Done" in relay and "2.3 s" in relay and relay.count("<time") == 3
    assert "Failed" in score and "3 min" in score and "ValueError: no scorecard" in score and "secret" not in page
    assert "Runs now" in row_of(page, "opportunities.expire_quotes")
    assert "Broken off" in row_of(page, "postsales.sla_watch")
    assert "The clock" not in page
    # Trouble stands first.
    assert page.index("leads.score_all") < page.index("core.relay")


def test_the_next_run_is_what_the_timetable_says(admin: Client) -> None:
    taskruns.known([task for _, task, _, _ in TIMETABLE])
    rows = {row.task: row for row in admin.get(PAGE).context["rows"]}
    nightly, often = rows["leads.score_all"].next_at, rows["core.relay"].next_at
    assert (nightly.hour, nightly.minute) == (2, 30) and timedelta(0) < nightly - clock.now() <= timedelta(days=1)
    assert often - clock.now() <= timedelta(seconds=6)


def test_a_clock_that_fell_silent_is_said(admin: Client) -> None:
    taskruns.known([task for _, task, _, _ in TIMETABLE])
    TaskRun.objects.update(sent_at=clock.now() - timedelta(minutes=5))
    assert "The clock last rang on" in admin.get(PAGE).content.decode()


def test_run_now_puts_it_in_its_queue_and_in_the_audit(admin: Client, olga: Any, monkeypatch: Any) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(app, "send_task", lambda name, **options: sent.append((name, options["queue"])))
    answer = admin.post(reverse("core:background-run"), {"task": "leads.score_all"})
    assert answer.status_code == 302 and answer["Location"] == PAGE
    assert sent == [("leads.score_all", "leads")]
    entry = AuditEntry.objects.get(action="task.run_asked")
    assert (entry.actor, entry.label) == (olga, "leads.score_all")


def test_run_now_says_when_the_queue_is_away(admin: Client, monkeypatch: Any) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise BrokerError("refused")

    monkeypatch.setattr(app, "send_task", away)
    answer = admin.post(
        reverse("core:background-run"), {"task": "leads.score_all"}, HTTP_REFERER=f"http://testserver{PAGE}"
    )
    assert "nothing was started" in admin.get(answer["Location"]).content.decode()


def test_a_task_that_is_not_on_the_timetable_cannot_be_started(admin: Client, monkeypatch: Any) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(app, "send_task", lambda *args, **_: sent.append(args))
    assert admin.post(reverse("core:background-run"), {"task": "core.run_job"}).status_code == 409
    assert sent == []


def test_failed_and_running_work_is_shown_and_a_failed_job_goes_on(admin: Client, olga: Any, monkeypatch: Any) -> None:
    handed: list[JobRun] = []
    monkeypatch.setattr(jobs, "_enqueue", [lambda job, queue: handed.append(job)])
    monkeypatch.setattr(jobs, "_kinds", {**jobs._kinds, "tests.chunks": JobKind(lambda *, job: False)})
    job = failed_job(created_by=olga, done=40, total=100, params={"title": "Import leads"})
    failed_job(state=JobRun.State.RUNNING, error="", done=3, params={"title": "Running import"})
    failed_job(state=JobRun.State.DONE, params={"title": "Old import"}, error="")
    page = admin.get(PAGE).content.decode()
    assert "Import leads" in page and "40 / 100" in page and "ValueError: no book" in page
    assert "Running import" in page and "Old import" not in page
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.db.transaction.on_commit", lambda act, **_: act())
        assert admin.post(reverse("core:job-retry", args=[job.pk])).status_code == 302
    job.refresh_from_db()
    assert (job.state, job.tries, job.error, job.done) == ("queued", 0, "", 40)
    assert handed == [job] and AuditEntry.objects.filter(action="job.retried", actor=olga).exists()
    assert jobs.run(str(job.pk)).state == "done"


def test_only_a_failed_job_goes_on(admin: Client) -> None:
    job = failed_job(state=JobRun.State.RUNNING)
    assert admin.post(reverse("core:job-retry", args=[job.pk])).status_code == 409
    job.refresh_from_db()
    assert job.state == "running" and not AuditEntry.objects.filter(action="job.retried").exists()


def test_dead_letters_are_read_and_replayed_one_or_all(admin: Client) -> None:
    first, second, third = (dead_letter(number) for number in (1, 2, 3))
    page = admin.get(PAGE).content.decode()
    assert page.count("tests.Broken") >= 3 and "KeyError: &#x27;rate&#x27;" in page and "Try all 3 again" in page
    with outbox.delivered_by_hand():
        admin.post(reverse("core:background-replay"), {"delivery": first.pk})
        assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)) == ["pending", "dead", "dead"]
        admin.post(reverse("core:background-replay"), {"delivery": "x" * 30})
        assert Delivery.objects.filter(state="dead").count() == 2
        admin.post(reverse("core:background-replay"))
    assert not Delivery.objects.filter(state="dead").exists()
    assert AuditEntry.objects.filter(action="delivery.replayed").count() == 3
    assert {second.pk, third.pk} < set(Delivery.objects.filter(state="pending", tries=0).values_list("pk", flat=True))


@pytest.mark.parametrize("who", ["alice", "bob", "dana", "erin"])
def test_others_neither_see_nor_do_any_of_it(client: Client, cast: Cast, who: str, monkeypatch: Any) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(app, "send_task", lambda *args, **_: sent.append(args))
    job, letter = failed_job(), dead_letter()
    client.force_login(getattr(cast, who))
    assert client.get(PAGE).status_code == 403
    assert client.post(reverse("core:background-run"), {"task": "core.relay"}).status_code == 403
    assert client.post(reverse("core:background-replay"), {"delivery": letter.pk}).status_code == 403
    assert client.post(reverse("core:job-retry", args=[job.pk])).status_code == 403
    job.refresh_from_db(), letter.refresh_from_db()
    assert (job.state, letter.state, sent) == ("failed", "dead", [])
    assert "Background jobs" not in client.get("/command/").content.decode()


def test_the_page_costs_the_same_with_many_rows(admin: Client, olga: Any, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        failed_job(created_by=olga)
        dead_letter(number)
    admin.get(PAGE)
    with django_assert_max_num_queries(14):
        admin.get(PAGE)


def test_the_administrator_finds_it_in_the_menus(admin: Client) -> None:
    assert f'href="{PAGE}"' in admin.get("/command/").content.decode()
    assert f'href="{PAGE}"' in admin.get(PAGE).content.decode().split('id="user-menu"')[1].split("</details>")[0]


def test_each_task_stands_on_the_timetable_once() -> None:
    """The book of tasks has one row a task: a second entry would share the first one's clock."""
    assert len({task for _, task, _, _ in TIMETABLE}) == len(TIMETABLE)
