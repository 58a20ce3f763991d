"""Target markets: drafted, put in force, replaced by the next version; and how leads fit them."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import Account
from accounts.validation import refuse_invalid, refuse_unknown, tidy
from leads.events import MarketChanged
from leads.models import FitResult, Lead, Signal, TargetMarket
from leads.selectors.markets import criteria_of, fits_in, stale_leads
from revops.core import audit, clock, jobs, merging, outbox
from revops.core.errors import IllegalState, InvalidInput, MissingFields
from revops.core.models import JobRun
from revops.core.scope import require
from revops.core.status import advance, edit, lock

KIND = "leads.recompute_fit"
CHUNK = 500
LISTS = (
    "industries",
    "regions",
    "technologies",
    "triggers",
    "excluded_industries",
    "excluded_regions",
    "excluded_domains",
)
CRITERIA = (*LISTS, "employees_min", "employees_max", "revenue_min", "revenue_max", "currency", "product")
FIELDS = (*CRITERIA, "name", "description", "tam_accounts", "tam_value", "sam", "som")
# What a market that is in force may still change: its size is an estimate, its criteria are not.
SIZES = frozenset({"description", "tam_accounts", "tam_value", "sam", "som"})
ORDERS = (("employees_min", "employees_max"), ("revenue_min", "revenue_max"), ("som", "sam"), ("sam", "tam_value"))


@transaction.atomic
def create_market(*, actor: Any, name: str, **fields: Any) -> TargetMarket:
    """The first draft of a market."""
    _require(actor, "add")
    refuse_unknown(fields, FIELDS)
    market = TargetMarket(name=name.strip(), **_tidied(fields))
    _check(market)
    if TargetMarket.objects.filter(name=market.name).exists():
        raise InvalidInput.of(name=_("There is a market of this name: make a new version of it."))
    market.save(force_insert=True)
    audit.record("targetmarket.created", market, actor=actor)
    outbox.publish(MarketChanged(market_id=market.pk, change="created"))
    return market


@transaction.atomic
def update_market(*, market: TargetMarket, version: int | None, actor: Any, **changes: Any) -> TargetMarket:
    """Change a draft; of one in force only what is said about its size."""
    _require(actor, "change")
    refuse_unknown(changes, FIELDS)
    market = lock(market, version)
    wanted = _tidied(changes)
    touched = {name for name, value in wanted.items() if getattr(market, name) != value}
    if market.status != TargetMarket.Status.DRAFT and touched - SIZES:
        raise IllegalState("illegal_state", _("Its criteria stand since it is in force. Make a new version."))
    trial = TargetMarket(**{name: wanted.get(name, getattr(market, name)) for name in FIELDS})
    _check(trial)
    twins = TargetMarket.objects.filter(name=trial.name).exclude(name=market.name)
    if "name" in touched and (twins.exists() or market.number > 1):
        raise InvalidInput.of(name=_("The versions of a market have one name, and no other market has it."))
    changed = edit(market, wanted)
    if changed:
        audit.record("targetmarket.changed", market, actor=actor, changed=changed)
        outbox.publish(MarketChanged(market_id=market.pk, change="changed"))
    return market


@transaction.atomic
def revise_market(*, market: TargetMarket, actor: Any) -> TargetMarket:
    """The next version as a draft with the criteria of this one. A draft that waits already is an error."""
    _require(actor, "add")
    market = lock(market)
    editions = TargetMarket.objects.filter(name=market.name)
    if editions.filter(status=TargetMarket.Status.DRAFT).exists():
        raise IllegalState("draft_exists", _("There is a draft of this market already."))
    last = editions.aggregate(last=Max("number"))["last"]
    facts = {name: getattr(market, name) for name in FIELDS}
    draft = TargetMarket.objects.create(number=last + 1, **facts)
    audit.record("targetmarket.created", draft, actor=actor, version_of=market.number)
    outbox.publish(MarketChanged(market_id=draft.pk, change="created"))
    return draft


@transaction.atomic
def activate_market(*, market: TargetMarket, version: int | None, actor: Any) -> tuple[TargetMarket, JobRun]:
    """Put a draft in force; the version that stood is retired. A job computes the fit of every open lead."""
    _require(actor, "change")
    market = lock(market, version)
    if not criteria_of(market, Lead):
        raise MissingFields(_("Name at least one criterion: who belongs to it?"), ["industries"])
    advance(market, TargetMarket.Status.ACTIVE, TargetMarket.TRANSITIONS)
    for old in TargetMarket.objects.active().filter(name=market.name):
        _retire(lock(old), actor)
    market.activated_at, market.activated_by = clock.now(), actor
    market.save(update_fields=["status", "activated_at", "activated_by", "version", "updated_at"])
    audit.record("targetmarket.activated", market, actor=actor)
    outbox.publish(MarketChanged(market_id=market.pk, change="activated"))
    job = jobs.start(
        kind=KIND,
        actor=actor,
        params={"market": market.pk, "title": _("Fit of open leads in %(market)s") % {"market": market}},
    )
    return market, job


@transaction.atomic
def retire_market(*, market: TargetMarket, version: int | None, actor: Any) -> TargetMarket:
    """Out of force. The fits that were computed stay as history."""
    _require(actor, "change")
    return _retire(lock(market, version), actor)


def _retire(market: TargetMarket, actor: Any) -> TargetMarket:
    advance(market, TargetMarket.Status.RETIRED, TargetMarket.TRANSITIONS)
    market.retired_at = clock.now()
    market.save(update_fields=["status", "retired_at", "version", "updated_at"])
    audit.record("targetmarket.retired", market, actor=actor)
    outbox.publish(MarketChanged(market_id=market.pk, change="retired"))
    return market


@transaction.atomic
def delete_market_draft(*, market: TargetMarket, version: int | None, actor: Any) -> None:
    """Throw a draft away that was never in force."""
    _require(actor, "change")
    market = lock(market, version)
    if market.status != TargetMarket.Status.DRAFT:
        raise IllegalState("illegal_state", _("What was in force is retired, not deleted."))
    audit.record("targetmarket.deleted", market, actor=actor)
    market.delete()


# Fits ---------------------------------------------------------------------------------------


@transaction.atomic
def step_recompute_fit(*, job: JobRun) -> bool:
    """One chunk of open leads behind the cursor: each lead is scored once, whoever resumes."""
    market = TargetMarket.objects.get(pk=job.params["market"])
    rows = Lead.objects.open().filter(archived_at__isnull=True)
    if "after" not in job.cursor:
        job.cursor, job.total = {"after": 0}, rows.count()
        job.counts = {"leads": 0, "full": 0}
        return True
    chunk = list(rows.filter(pk__gt=job.cursor["after"]).order_by("pk").values_list("pk", flat=True)[:CHUNK])
    if not chunk:
        return False
    full = _score(market, chunk)
    job.counts = {"leads": job.counts["leads"] + len(chunk), "full": job.counts["full"] + full}
    job.done += len(chunk)
    job.cursor = {"after": chunk[-1]}
    return len(chunk) == CHUNK


@transaction.atomic
def finish_recompute_fit(*, job: JobRun) -> None:
    """Where the result is read."""
    job.result = {"url": TargetMarket.objects.get(pk=job.params["market"]).get_absolute_url()}


@transaction.atomic
def fit_to_markets(*, lead: Lead, actor: Any = None) -> int:
    """The fit of one lead in every active market; returns in how many."""
    markets = list(TargetMarket.objects.active())
    for market in markets:
        _score(market, [lead.pk])
    return len(markets)


@transaction.atomic
def refresh_fits(*, market: TargetMarket, after: int = 0, actor: Any = None) -> int | None:
    """A chunk of leads behind the id `after` whose fit is missing or older than their facts; returns the last id."""
    rows = stale_leads(market).filter(pk__gt=after).order_by("pk")
    chunk = list(rows.values_list("pk", flat=True)[:CHUNK])
    if not chunk:
        return None
    _score(market, chunk)
    return chunk[-1]


def _score(market: TargetMarket, keys: Sequence[int]) -> int:
    """Write the fits of these leads; says how many fit in full."""
    now, rows = clock.now(), Lead.objects.filter(pk__in=keys)
    # Who edits one of them meanwhile comes before or after: a fit is never older than its lead, and nobody waits for
    # somebody who waits for them.
    list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    found = fits_in(rows, market)
    FitResult.objects.bulk_create(
        [
            FitResult(lead=lead, market=market, fit=fit.fit, matched=fit.matched, failed=fit.failed, computed_at=now)
            for lead, fit in found
        ],
        update_conflicts=True,
        unique_fields=["lead", "market"],
        update_fields=["fit", "matched", "failed", "computed_at"],
    )
    return sum(1 for _lead, fit in found if fit.fit == 100)


@transaction.atomic
def note_signal(
    *,
    kind: str,
    value: str,
    source: str,
    actor: Any,
    lead: Lead | None = None,
    account: Account | None = None,
    seen_on: Any = None,
) -> Signal:
    """A technology or a trigger of a company, with its source; noted again, only its day moves."""
    if actor is not None:
        require(actor, "leads.change_lead")
    lead, account = merging.standing(lead), merging.standing(account)
    trial = Signal(
        kind=kind,
        value=value.strip(),
        source=source.strip(),
        seen_on=seen_on or clock.today(),
        lead=lead,
        account=account,
    )
    refuse_invalid(trial, ["kind", "value", "source", "seen_on"])
    signal, _made = Signal.objects.update_or_create(
        kind=kind,
        value=trial.value,
        lead=lead,
        account=account,
        defaults={"source": trial.source, "seen_on": trial.seen_on},
    )
    subject: Any = lead or account
    audit.record(
        "signal.noted", subject, actor=actor, kind=kind, value=trial.value, source=trial.source, note=trial.value
    )
    if lead is not None:
        fit_to_markets(lead=lead)
    return signal


def _require(actor: Any, verb: str) -> None:
    if actor is not None:
        require(actor, f"leads.{verb}_targetmarket")


def _tidied(fields: dict[str, Any]) -> dict[str, Any]:
    """Texts without blanks around them, lists without repetitions."""
    found = tidy(fields)
    for name in LISTS:
        if name in found:
            given = [str(word).strip() for word in found[name] or ()]
            found[name] = list({word.casefold(): word for word in given if word}.values())
    return found


def _check(market: TargetMarket) -> None:
    refuse_invalid(market, [name for name in FIELDS if name != "product"])
    for least, most in ORDERS:
        low, high = getattr(market, least), getattr(market, most)
        if low is not None and high is not None and low > high:
            raise InvalidInput.of(**{most: _("This is less than the bound below it.")})
    for name in ("revenue_min", "revenue_max", "tam_value", "sam", "som"):
        amount = getattr(market, name)
        if amount is not None and amount < 0:
            raise InvalidInput.of(**{name: _("An amount is a number of 0 or more.")})
