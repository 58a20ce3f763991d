"""Celery entry points; each may run twice."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from celery import shared_task
from django.core.cache import cache

from leads import enriching, mailing, services
from leads.models import Assignment, Campaign, Handoff, Lead, TargetMarket
from leads.selectors.cultivation import open_plans
from leads.selectors.learning import enough_to_learn, published_model
from leads.selectors.quality import RULES
from revops.core import clock
from revops.core.errors import DomainError

AT_ONCE = 500
ROUTED_TO = "leads.route_waiting"  # the last of the waiting leads that was tried


@shared_task(name="leads.score_lead", ignore_result=True)
def score_lead(lead_id: int) -> None:
    """All scores of one lead, after its answers changed or something happened with it."""
    lead = Lead.objects.filter(pk=lead_id).first()
    if lead is not None:
        services.score_qualification(lead=lead)
        services.score_engagement(lead=lead)
        services.score_propensity(lead=lead)


@shared_task(name="leads.score_all", ignore_result=True)
def score_all() -> None:
    """All scores of every open lead: nightly, and after a scorecard or a rule changed."""
    last: int | None = 0
    while last is not None:
        last = services.score_leads(after=last)


@shared_task(name="leads.score_model", ignore_result=True)
def score_model() -> None:
    """The model's probability of every open lead, nightly, where a model is in use."""
    if published_model() is not None:
        services.start_propensities(actor=None)


@shared_task(name="leads.score_new", ignore_result=True)
def score_new() -> None:
    """Grades and probabilities of leads that just came in, one by one or by a file."""
    while services.engage_new_leads():
        pass
    while services.score_new_leads():
        pass


@shared_task(name="leads.train_model", ignore_result=True)
def train_model() -> None:
    """A new version from what became of past leads, weekly, once there are enough of them."""
    if enough_to_learn():
        services.start_training(actor=None)


@shared_task(name="leads.watch_drift", ignore_result=True)
def watch_drift() -> None:
    """Nightly: whether leads have moved away from the model in use."""
    services.watch_drift()


@shared_task(name="leads.refresh_fits", ignore_result=True)
def refresh_fits() -> None:
    """Fits in the active markets of leads that came in or changed in bulk."""
    for market in TargetMarket.objects.active():
        last: int | None = 0
        while last is not None:
            last = services.refresh_fits(market=market, after=last)


@shared_task(name="leads.enrich_financials", ignore_result=True)
def enrich_financials(run_id: int | None = None) -> None:
    """Ask a provider about a lead that came in; without a key, whatever is due again."""
    if run_id is None:
        enriching.enrich_due()
    else:
        enriching.enrich(run_id)


@shared_task(name="leads.expire_findings", ignore_result=True)
def expire_findings() -> None:
    """Findings that have run out: one task each to renew them."""
    services.expire_findings()


@shared_task(name="leads.data_quality_scan", ignore_result=True)
def data_quality_scan() -> None:
    """What is wrong with records, rule by rule: opened where it is new, closed where it was mended."""
    for rule in RULES:
        services.scan_quality(rule_key=rule.key)


@shared_task(name="leads.route_lead", ignore_result=True)
def route_lead(lead_id: int) -> None:
    """Find an owner for a lead that came in."""
    lead = Lead.objects.filter(pk=lead_id).first()
    if lead is not None:
        services.route_lead(lead=lead)


@shared_task(name="leads.route_waiting", ignore_result=True)
def route_waiting() -> None:
    """Try again for leads that wait in the fallback queue: somebody may be free by now.

    Of very many those at the front may wait for one pool for weeks: each run begins where the one before ended.
    """
    waiting = Lead.objects.open().filter(queue__is_fallback=True, do_not_route=False, archived_at=None).order_by("pk")
    start = cache.get(ROUTED_TO, 0)
    keys = list(waiting.filter(pk__gt=start).values_list("pk", flat=True)[:AT_ONCE])
    cache.set(ROUTED_TO, keys[-1] if len(keys) == AT_ONCE else 0, timeout=None)
    _each(keys, route_lead)


def _each(rows: Iterable[Any], work: Callable[[Any], object]) -> None:
    """One after the other; a row with which nothing can be done keeps no other one waiting."""
    for row in rows:
        with suppress(DomainError):
            work(row)


@shared_task(name="leads.dedupe_scan", ignore_result=True)
def dedupe_scan() -> None:
    """Look for pairs that look like one; asked twice, one scan runs."""
    services.start_scan(actor=None)


@shared_task(name="leads.handoff_sla_watch", ignore_result=True)
def handoff_sla_watch() -> None:
    """Handoffs past their limit: the manager hears of it; past their end: the lead goes back."""
    late = Handoff.objects.waiting().filter(escalated_at__isnull=True, sla_due_at__lte=clock.now())
    _each(late, lambda handoff: services.escalate_handoff(handoff=handoff))
    over = Handoff.objects.waiting().filter(expires_at__lte=clock.now())
    _each(over, lambda handoff: services.expire_handoff(handoff=handoff))


@shared_task(name="leads.routing_sla_watch", ignore_result=True)
def routing_sla_watch() -> None:
    """Routed leads whose first answer is overdue: to somebody else once, then to the manager. A batch a minute."""
    due = Assignment.objects.filter(is_current=True, clock_state=Assignment.Clock.RUNS, sla_due_at__lte=clock.now())
    rows = due.select_related("lead").order_by("sla_due_at", "pk")[:500]
    _each(rows, lambda row: services.watch_first_answer(lead=row.lead))


@shared_task(name="leads.campaign_rollup", ignore_result=True)
def campaign_rollup() -> None:
    """The totals of every campaign whose figures are not closed, from its rows: hourly."""
    for campaign in Campaign.objects.exclude(status=Campaign.Status.ANALYSED).order_by("pk"):
        services.rollup_campaign(campaign=campaign)


@shared_task(name="leads.expire_registrations", ignore_result=True)
def expire_registrations() -> None:
    """Deal registrations whose days of protection are over: daily."""
    while services.expire_registrations():
        pass


@shared_task(name="leads.snapshot_funnel", ignore_result=True)
def snapshot_funnel() -> None:
    """How many leads stand in each state at the end of the day."""
    services.snapshot_funnel()


@shared_task(name="leads.cultivation_reminders", ignore_result=True)
def cultivation_reminders() -> None:
    """Leads that nobody touched for too long: whoever holds them gets one task; daily."""
    for plan in open_plans().select_related("lead").order_by("pk").iterator(chunk_size=500):
        services.remind_of_lead(plan=plan)


@shared_task(name="leads.run_sequence_steps", ignore_result=True)
def run_sequence_steps() -> None:
    """Steps of sequences that are due, then the mails that they made: every 5 minutes. Twice at once sends once."""
    while services.run_due_steps():
        pass
    mailing.send_due()


@shared_task(name="leads.send_mails", ignore_result=True)
def send_mails() -> None:
    """Mails that wait: as soon as somebody has written one."""
    mailing.send_due()
