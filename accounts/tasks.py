"""Celery entry points; each may run twice."""

from celery import shared_task

from accounts import reading, services


@shared_task(name="accounts.sweep_files", ignore_result=True)
def sweep_files() -> None:
    """Stored files that no document names."""
    services.sweep_files()


@shared_task(name="accounts.read_documents", ignore_result=True, soft_time_limit=120, time_limit=180)
def read_documents() -> None:
    """The words inside files that were handed in, for the search."""
    while reading.read_due():
        pass


@shared_task(name="accounts.capture_participants", ignore_result=True)
def capture_participants() -> int:
    """Unknown attendees of logged mails and meetings."""
    seen = 0
    while done := services.capture_participants():
        seen += done
    return seen


@shared_task(name="accounts.completeness_report", ignore_result=True)
def completeness_report() -> int:
    """How complete everybody's accounts are, on Mondays."""
    return services.report_completeness()


@shared_task(name="accounts.run_territory_rules", ignore_result=True)
def run_territory_rules() -> None:
    """Put accounts that came or changed since where the territories in force say; nightly."""
    services.run_territory_rules()
