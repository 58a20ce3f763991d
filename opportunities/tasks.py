"""Celery entry points of the opportunities app."""

from celery import shared_task

from opportunities import services


@shared_task(name="opportunities.expire_quotes", ignore_result=True)
def expire_quotes() -> int:
    """Sent quotes whose last day is over; hourly."""
    return services.expire_quotes()
