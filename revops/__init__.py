"""The project: settings, processes and the frame that every app stands on."""

from revops.celery import app as celery_app

__all__ = ["celery_app"]
