"""The calculation on demand, as a job with progress."""

from django.db import transaction
from django.utils.translation import gettext as _

from forecasting.models.pay_scope import MANAGES, holds
from forecasting.models.periods import FiscalPeriod
from forecasting.selectors.pay_facts import payees_of
from forecasting.services.calculation import calculate_payee
from forecasting.services.credits import measure_period
from revops.core import audit, jobs
from revops.core.errors import IllegalState, NotAllowed
from revops.core.models import JobRun
from revops.users.models import User

KIND = "forecasting.calculate_commissions"
CHUNK = 20


@transaction.atomic
def start_calculation(*, period: FiscalPeriod, actor: User) -> JobRun:
    """Have a worker calculate a month."""
    if not holds(actor, MANAGES):
        raise NotAllowed(_("Compensation administrators calculate commissions."))
    if period.kind != FiscalPeriod.Kind.MONTH:
        raise IllegalState("not_a_month", _("Commissions are calculated by the month."))
    job = jobs.start(kind=KIND, actor=actor, params={"period": period.pk, "title": f"Commissions {period.label}"})
    audit.record("commissions.requested", period, actor=actor, area="compensation", job=str(job.pk))
    return job


@transaction.atomic
def step_calculation(*, job: JobRun) -> bool:
    """First the credits, then some payees a step. The job's row counts postings and never names an amount."""
    period = FiscalPeriod.objects.get(pk=job.params["period"])
    actor = job.created_by
    if "after" not in job.cursor:
        job.counts = {"orders": measure_period(period=period, actor=actor), "postings": 0}
        job.cursor, job.total = {"after": 0}, len(payees_of(period))
        return True
    waiting = [payee for payee in payees_of(period) if payee > job.cursor["after"]]
    for payee in waiting[:CHUNK]:
        job.counts["postings"] += calculate_payee(payee=payee, period=period, actor=actor).postings
        job.cursor["after"] = payee
        job.done += 1
    return len(waiting) > CHUNK
