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


def _(text: str) -> str:
    """Marks a name for translation. Django's own would read the settings, which tests name later."""
    return text


# (name, task, when, queue); times of the clock are UTC.
TIMETABLE: list[tuple[str, str, timedelta | crontab, str]] = [
    (_("deliver outbox events"), "core.relay", timedelta(seconds=5), "default"),
    (_("send webhook messages"), "integrations.send_webhooks", timedelta(seconds=5), "webhooks"),
    (_("resume jobs of killed workers"), "core.resume_jobs", timedelta(seconds=10), "default"),
    (_("watch handoffs"), "leads.handoff_sla_watch", timedelta(minutes=5), "leads"),
    (_("watch first answers to leads"), "leads.routing_sla_watch", timedelta(minutes=1), "leads"),
    (_("snapshot the lead funnel"), "leads.snapshot_funnel", crontab(hour="23", minute="45"), "reports"),
    (_("remind of leads that nobody touches"), "leads.cultivation_reminders", crontab(hour="5", minute="20"), "leads"),
    (_("route leads that wait"), "leads.route_waiting", timedelta(minutes=5), "leads"),
    (_("ask providers about leads"), "leads.enrich_financials", timedelta(minutes=1), "leads"),
    (_("notice research that has run out"), "leads.expire_findings", crontab(minute="25"), "leads"),
    (_("look for what is wrong with records"), "leads.data_quality_scan", crontab(hour="3", minute="5"), "reports"),
    (_("fit leads into target markets"), "leads.refresh_fits", timedelta(minutes=15), "leads"),
    (_("roll up campaigns"), "leads.campaign_rollup", crontab(minute="20"), "leads"),
    (_("read documents for the search"), "accounts.read_documents", timedelta(minutes=1), "reports"),
    (_("run steps of sequences"), "leads.run_sequence_steps", timedelta(minutes=5), "leads"),
    (_("expire deal registrations"), "leads.expire_registrations", crontab(hour="0", minute="15"), "leads"),
    (_("look for duplicates"), "leads.dedupe_scan", crontab(hour="1", minute="40"), "reports"),
    (_("score leads"), "leads.score_all", crontab(hour="2", minute="30"), "leads"),
    (_("score new leads"), "leads.score_new", timedelta(minutes=5), "leads"),
    (_("score leads by the model"), "leads.score_model", crontab(hour="2", minute="45"), "leads"),
    (_("learn from past leads"), "leads.train_model", crontab(hour="3", minute="0", day_of_week="0"), "reports"),
    (_("watch the scoring model"), "leads.watch_drift", crontab(hour="4", minute="0"), "reports"),
    (_("notice missed service levels"), "postsales.sla_watch", timedelta(minutes=1), "default"),
    (_("expire quotes"), "opportunities.expire_quotes", crontab(minute="5"), "default"),
    (_("start the day's periods and plans"), "forecasting.start_day", crontab(hour="0", minute="5"), "money"),
    (_("measure goals"), "forecasting.compute_goal_progress", crontab(minute="12"), "reports"),
    (_("release held commissions"), "forecasting.release_holds", crontab(hour="1", minute="10"), "money"),
    (_("calculate commissions"), "forecasting.calculate_commissions", crontab(hour="2", minute="0"), "money"),
    (_("snapshot the pipeline"), "forecasting.snapshot_pipeline", crontab(hour="23", minute="50"), "reports"),
    (_("notice unknown participants"), "accounts.capture_participants", timedelta(minutes=10), "default"),
    (
        _("report how complete accounts are"),
        "accounts.completeness_report",
        crontab(hour="5", minute="40", day_of_week="1"),
        "reports",
    ),
    (_("run the rules of territories"), "accounts.run_territory_rules", crontab(hour="1", minute="40"), "reports"),
    (_("sweep stored files"), "accounts.sweep_files", crontab(hour="3", minute="20"), "reports"),
    (_("send mails of notifications"), "users.send_mails", timedelta(minutes=1), "default"),
    (_("throw away old notifications"), "users.sweep_notifications", crontab(hour="3", minute="25"), "reports"),
    (_("forget ended sessions"), "core.forget_sessions", crontab(hour="3", minute="40"), "reports"),
    (
        _("forget old webhook messages"),
        "integrations.forget_webhook_messages",
        crontab(hour="3", minute="30"),
        "reports",
    ),
    (_("build indexes of custom fields"), "core.build_custom_indexes", timedelta(minutes=5), "reports"),
    (_("learn the words of new records"), "core.learn_words", timedelta(minutes=5), "reports"),
    (_("learn the words of all records"), "core.learn_words_anew", crontab(hour="4", minute="20"), "reports"),
    (_("forget files of exports"), "core.forget_exports", crontab(hour="3", minute="50"), "reports"),
    (_("forget idempotency keys"), "core.forget_idempotency_keys", crontab(hour="3", minute="10"), "reports"),
]


def _options(when: timedelta | crontab, queue: str) -> dict[str, object]:
    # What comes again in seconds must not pile up while no worker runs.
    return {"queue": queue, "expires": when.total_seconds()} if isinstance(when, timedelta) else {"queue": queue}


app.conf.beat_schedule = {
    name: {"task": task, "schedule": when, "options": _options(when, queue)} for name, task, when, queue in TIMETABLE
}
