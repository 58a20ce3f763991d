"""Celery entry points."""

from celery import shared_task

from forecasting import services
from forecasting.models.periods import FiscalPeriod
from forecasting.selectors.periods import months_to_calculate
from forecasting.services import goals, snapshots
from revops.core import clock


@shared_task(name="forecasting.calculate_commissions", ignore_result=True)
def calculate_commissions(period_id: int | None = None) -> int:
    """One month, or every month whose facts may still change: the event's work once more, as a net under it."""
    months = [FiscalPeriod.objects.get(pk=period_id)] if period_id else months_to_calculate(clock.today())
    return sum(services.calculate_commissions(period=month, actor=None) for month in months)


@shared_task(name="forecasting.start_day", ignore_result=True)
def start_day() -> None:
    """Open the periods and start the plan assignments whose first day this is."""
    services.open_due_periods()
    services.start_due_assignments()


@shared_task(name="forecasting.compute_goal_progress", ignore_result=True)
def compute_goal_progress() -> int:
    """How far each running goal is: a row a goal and day."""
    return goals.compute_goal_progress()


@shared_task(name="forecasting.release_holds", ignore_result=True)
def release_holds() -> int:
    """Held money whose time is over becomes payable."""
    return services.release_holds()


@shared_task(name="forecasting.snapshot_pipeline", ignore_result=True)
def snapshot_pipeline() -> int:
    """The pipeline as it stands tonight; a second run of the day changes nothing."""
    return snapshots.snapshot_pipeline()
