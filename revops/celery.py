"""The Celery application and its timetable; every job of the clock stands in this one list."""

import os

from celery import Celery
from celery.schedules import crontab, schedule

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revops.settings")

app = Celery("revops")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# (name, task, when, queue)
TIMETABLE: list[tuple[str, str, schedule | crontab, str]] = []

app.conf.beat_schedule = {
    name: {"task": task, "schedule": when, "options": {"queue": queue}} for name, task, when, queue in TIMETABLE
}
