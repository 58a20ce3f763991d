"""Celery entry points."""

from celery import shared_task

from postsales import services
from postsales.models import SupportCase
from postsales.selectors.clocks import ClockBook


@shared_task(name="postsales.sla_watch", ignore_result=True)
def sla_watch() -> int:
    """Note missed targets of unsolved cases; every minute. Running twice, or at once, notes each one once."""
    book, noted = ClockBook(), 0
    watched = SupportCase.objects.unsolved().prefetch_related("log", "breaches")
    for case in watched.iterator(chunk_size=500):
        clocks = book.of(case)
        known = {breach.target for breach in case.breaches.all()}
        if clocks and any(clock.late and clock.target not in known for clock in clocks.both()):
            noted += len(services.watch_case(case=case))
    return noted
