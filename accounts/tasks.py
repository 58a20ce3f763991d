"""Celery entry points; each may run twice."""

from celery import shared_task

from accounts import services


@shared_task(name="accounts.sweep_files", ignore_result=True)
def sweep_files() -> None:
    """Stored files that no document names."""
    services.sweep_files()
