"""The Celery application and its timetable; every job of the clock stands in this one list."""

import logging.config
import os
from datetime import timedelta
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revops.settings")

app = Celery("revops", task_cls="revops.core.worker:WatchedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _one_log(**_: Any) -> None:
    """Worker and beat write the same lines as the web; Celery would set up handlers of its own."""
    logging.config.dictConfig(settings.LOGGING)


# (name, task, when, queue); times of the clock are UTC.
TIMETABLE: list[tuple[str, str, timedelta | crontab, str]] = [
    ("deliver outbox events", "core.relay", timedelta(seconds=5), "default"),
    ("send webhook messages", "integrations.send_webhooks", timedelta(seconds=5), "webhooks"),
    ("resume jobs of killed workers", "core.resume_jobs", timedelta(seconds=10), "default"),
    ("watch handoffs", "leads.handoff_sla_watch", timedelta(minutes=5), "leads"),
    ("route leads that wait", "leads.route_waiting", timedelta(minutes=5), "leads"),
    ("score leads", "leads.score_all", crontab(hour="2", minute="30"), "leads"),
    ("notice missed service levels", "postsales.sla_watch", timedelta(minutes=1), "default"),
    ("expire quotes", "opportunities.expire_quotes", crontab(minute="5"), "default"),
    ("start the day's periods and plans", "forecasting.start_day", crontab(hour="0", minute="5"), "money"),
    ("release held commissions", "forecasting.release_holds", crontab(hour="1", minute="10"), "money"),
    ("calculate commissions", "forecasting.calculate_commissions", crontab(hour="2", minute="0"), "money"),
    ("snapshot the pipeline", "forecasting.snapshot_pipeline", crontab(hour="23", minute="50"), "reports"),
    ("sweep stored files", "accounts.sweep_files", crontab(hour="3", minute="20"), "reports"),
    ("send mails of notifications", "users.send_mails", timedelta(minutes=1), "default"),
    ("throw away old notifications", "users.sweep_notifications", crontab(hour="3", minute="25"), "reports"),
    ("forget ended sessions", "core.forget_sessions", crontab(hour="3", minute="40"), "reports"),
    ("forget old webhook messages", "integrations.forget_webhook_messages", crontab(hour="3", minute="30"), "reports"),
    ("forget idempotency keys", "core.forget_idempotency_keys", crontab(hour="3", minute="10"), "reports"),
]


def _options(when: timedelta | crontab, queue: str) -> dict[str, object]:
    # What comes again in seconds must not pile up while no worker runs.
    return {"queue": queue, "expires": when.total_seconds()} if isinstance(when, timedelta) else {"queue": queue}


app.conf.beat_schedule = {
    name: {"task": task, "schedule": when, "options": _options(when, queue)} for name, task, when, queue in TIMETABLE
}
