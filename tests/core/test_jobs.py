"""Long jobs go on where a killed worker stopped, and a cancelled one leaves nothing."""

from datetime import timedelta

import pytest
import time_machine

from revops.core import clock, jobs
from revops.core.errors import IllegalState
from revops.core.jobs import JobKind
from revops.core.models import AuditEntry, JobRun, NumberSeries
from revops.core.numbers import next_number
from revops.core.organisation import default_entity
from tests.core.threads import together

CHUNKS = 5
state = {"crash_at": None}


def step(*, job):
    at = job.cursor.get("at", 0)
    next_number(entity=default_entity(), kind="chunk", year=2000 + at)
    if state["crash_at"] == at:
        raise RuntimeError("the power went out")
    job.cursor = {"at": at + 1}
    job.done = at + 1
    return at + 1 < CHUNKS


def finish(*, job):
    job.result = {"written": written()}


def cancel(*, job):
    NumberSeries.objects.filter(kind="chunk").delete()


def written():
    return sorted(NumberSeries.objects.filter(kind="chunk").values_list("year", "last"))


ALL = [(2000 + at, 1) for at in range(CHUNKS)]


@pytest.fixture(autouse=True)
def kind(monkeypatch):
    monkeypatch.setattr(jobs, "_kinds", {**jobs._kinds, "test.chunks": JobKind(step, finish, cancel)})
    monkeypatch.setattr(jobs, "_enqueue", [lambda job, queue: None])
    state["crash_at"] = None


def start(actor=None):
    return jobs.start(kind="test.chunks", actor=actor, total=CHUNKS)


@pytest.mark.django_db
def test_a_job_runs_step_by_step_to_its_end():
    job = jobs.run(str(start().pk))
    assert (job.state, job.done, written()) == ("done", CHUNKS, ALL)
    assert job.result == {"written": [list(pair) for pair in ALL]} and job.finished_at


@pytest.mark.spec("INV-93")
@pytest.mark.django_db
def test_after_a_crash_a_job_goes_on_at_its_cursor():
    job = start()
    state["crash_at"] = 2
    with pytest.raises(RuntimeError):
        jobs.run(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.cursor, job.tries) == ("running", {"at": 2}, 1)
    assert "the power went out" in job.error and written() == ALL[:2]
    state["crash_at"] = None
    assert jobs.run(str(job.pk)).state == "done"
    assert written() == ALL


@pytest.mark.django_db
def test_a_job_that_fails_five_times_has_failed():
    job = start()
    state["crash_at"] = 0
    for _ in range(5):
        with pytest.raises(RuntimeError):
            jobs.run(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.tries) == ("failed", 5) and written() == []
    assert jobs.run(str(job.pk)).state == "failed"


@pytest.mark.django_db
def test_a_cancelled_job_leaves_nothing_of_what_it_wrote(alice):
    job = start(alice)
    state["crash_at"] = 3
    with pytest.raises(RuntimeError):
        jobs.run(str(job.pk))
    assert written() == ALL[:3]
    jobs.request_cancel(job=job, actor=alice)
    assert jobs.run(str(job.pk)).state == "cancelled"
    assert written() == []
    assert AuditEntry.objects.get(action="job.cancel_requested").actor == alice
    with pytest.raises(IllegalState):
        jobs.request_cancel(job=job, actor=alice)


@pytest.mark.spec("INV-93")
@pytest.mark.django_db(transaction=True)
def test_two_workers_with_one_job_do_each_step_once():
    job = start()
    answers = together(*[lambda: jobs.run(str(job.pk))] * 3)
    assert {answer.state for answer in answers} == {"done"}
    assert written() == ALL


@pytest.mark.django_db
def test_a_job_whose_worker_went_silent_is_handed_to_another(monkeypatch):
    handed = []
    monkeypatch.setattr(jobs, "_enqueue", [lambda job, queue: handed.append(job.pk)])
    job = start()
    assert jobs.resume_lost() == 0
    with time_machine.travel(clock.now() + timedelta(seconds=61)):
        assert jobs.resume_lost() == 1
    assert handed == [job.pk]


@pytest.mark.django_db
def test_a_job_is_enqueued_only_after_the_commit(django_capture_on_commit_callbacks, monkeypatch):
    handed = []
    monkeypatch.setattr(jobs, "_enqueue", [lambda job, queue: handed.append((job.pk, queue))])
    with django_capture_on_commit_callbacks(execute=True):
        job = start()
        assert handed == []
    assert handed == [(job.pk, "default")]
    assert JobRun.objects.get().total == CHUNKS
