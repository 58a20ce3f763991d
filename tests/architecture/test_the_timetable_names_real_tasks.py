"""A wrong name in the timetable would be noticed by nobody: the job would simply never run."""

from django.conf import settings

from revops.celery import TIMETABLE, app

QUEUES = {queue.name for queue in settings.CELERY_TASK_QUEUES}


def _wrong(timetable: list[tuple[str, str, object, str]]) -> list[str]:
    app.loader.import_default_modules()
    return [title for title, task, _, queue in timetable if task not in app.tasks or queue not in QUEUES]


def test_every_job_of_the_clock_exists_and_goes_to_a_queue_that_is_served() -> None:
    assert _wrong(list(TIMETABLE)) == []
    assert len({title for title, *_ in TIMETABLE}) == len(TIMETABLE)


def test_a_misspelt_task_or_queue_is_caught() -> None:
    rows = [("a", "core.relai", None, "default"), ("b", "core.relay", None, "defualt")]
    assert _wrong(rows) == ["a", "b"]


def test_queues_do_not_share_an_exchange() -> None:
    assert len({queue.exchange.name for queue in settings.CELERY_TASK_QUEUES}) == len(QUEUES)


def test_no_task_ever_runs_in_the_caller() -> None:
    assert app.conf.task_always_eager is False
    assert app.conf.task_acks_late is True
