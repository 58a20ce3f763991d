"""Celery entry points of the frame."""

import logging
import time
from datetime import timedelta

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.db import InterfaceError, OperationalError

from revops.core import clock, exports, jobs, outbox, search
from revops.core.api import idempotency
from revops.core.custom import indexes
from revops.core.custom import services as custom
from revops.core.models import CustomField, JobRun
from revops.core.registries import searchers

RELAY_BATCH, RELAY_SECONDS = 100, 4
log = logging.getLogger(__name__)


@shared_task(name="core.relay", ignore_result=True)
def relay() -> int:
    """Deliver due outbox events: woken on commit, swept every 5 seconds; a backlog keeps it for nearly as long."""
    until, tried = time.monotonic() + RELAY_SECONDS, 0
    while (now := outbox.deliver_due(RELAY_BATCH)) == RELAY_BATCH and time.monotonic() < until:
        tried += now
    return tried + now


# A database that restarts under a job is no fault of the job: the worker comes back to it, sooner first.
@shared_task(
    name="core.run_job",
    ignore_result=True,
    autoretry_for=(OperationalError, InterfaceError),
    retry_backoff=True,
    retry_backoff_max=60,
    retry_jitter=False,
    max_retries=20,
)
def run_job(job_id: str) -> None:
    """Run one job to its end."""
    jobs.run(job_id)


@shared_task(name="core.resume_jobs", ignore_result=True)
def resume_jobs() -> int:
    """Pick up jobs whose worker was killed."""
    return jobs.resume_lost()


@shared_task(name="core.forget_idempotency_keys", ignore_result=True)
def forget_idempotency_keys() -> int:
    """Keys live 24 hours."""
    return idempotency.forget(clock.now() - timedelta(hours=24))


@shared_task(name="core.forget_sessions", ignore_result=True)
def forget_sessions() -> None:
    """Sessions whose time is over."""
    SessionStore.clear_expired()


@shared_task(name="core.build_custom_indexes", ignore_result=True)
def build_custom_indexes() -> int:
    """Indexes of custom fields as the definitions want them: woken by a change, swept while some are missing."""
    states = CustomField.IndexState
    if not CustomField.objects.filter(index_state__in=[states.WANTED, states.FAILED]).exists():
        return 0
    done = indexes.bring_in_line()
    for field in CustomField.objects.filter(pk__in=done):
        built = states.BUILT if indexes.wants(field) else states.NONE
        state = states.FAILED if done[field.pk] else built
        custom.note_index(field=field, state=state, error=done[field.pk], actor=None)
    return len(done)


def wake_indexes() -> None:
    """After a definition changed."""
    build_custom_indexes.apply_async(retry=False, queue="reports")


@shared_task(name="core.forget_exports", ignore_result=True)
def forget_exports() -> int:
    """Files of exports live a week."""
    return exports.forget_old()


@shared_task(name="core.learn_words", ignore_result=True)
def learn_words() -> int:
    """The words of new records, for searches that are misspelled."""
    return sum(search.learn(one.key, one.model) for one in searchers if one.model)


@shared_task(name="core.learn_words_anew", ignore_result=True)
def learn_words_anew() -> int:
    """The words of all records, renamed ones too."""
    search.learn_anew(searchers.keys())
    return learn_words()


def wake_relay() -> None:
    """After a commit. A broker that is down costs nothing: the sweep delivers later."""
    relay.apply_async(retry=False)


def enqueue_job(job: JobRun, queue: str) -> None:
    """Hand a job to a worker of its queue."""
    run_job.apply_async(args=(str(job.pk),), queue=queue, retry=False)
