"""Enrichment: who is asked, when, and what of the answer is written. What a person typed is never overwritten."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import quote

from celery import current_app
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.validation import refuse_invalid, refuse_unknown, tidy
from leads.models import EnrichmentProvider, EnrichmentRun, Lead, LeadFinancials
from leads.services._facts import OWN, SIGNALS, cleaned, placed
from leads.services._kept import lock_kept
from leads.services.leads import update_lead
from leads.services.markets import fit_to_markets, note_signal
from revops.core import audit, clock, merging
from revops.core.errors import IllegalState, InvalidInput
from revops.core.scope import require
from revops.core.status import advance, edit, lock
from revops.integrations import sealing
from revops.integrations.targets import Refused, checked_url

TRIES = 3
MINUTE = timedelta(minutes=1)
# Not within a minute: the provider's rate is counted by when each question was asked last.
BACK_OFF = (MINUTE, timedelta(minutes=5))
# A worker that died holds a question for so long.
CLAIMED = timedelta(minutes=3)
SETTINGS = (
    "name",
    "url",
    "header",
    "mapping",
    "is_active",
    "timeout_seconds",
    "rate_per_minute",
    "breaker_after",
    "breaker_minutes",
)
Status = EnrichmentRun.Status


@dataclass(frozen=True)
class Asked:
    """A question ready to go: no database is asked while it is under way."""

    run: int
    kind: str
    url: str
    headers: Mapping[str, str]
    seconds: int
    mapping: Mapping[str, str]


@dataclass(frozen=True)
class Found:
    """What a provider knows. `error` says why it is nothing that can be used."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    retry_after: int = 0


# Providers ----------------------------------------------------------------------------------


@transaction.atomic
def create_provider(*, actor: Any, name: str, url: str, secret: str = "", **fields: Any) -> EnrichmentProvider:
    """A service to be asked about leads from now on."""
    _require(actor, "leads.add_enrichmentprovider")
    refuse_unknown(fields, SETTINGS)
    provider = EnrichmentProvider(**tidy({"name": name, "url": url, **fields}))
    _check(provider)
    provider.secret = sealing.seal(secret) if secret else ""
    provider.save(force_insert=True)
    audit.record("enrichmentprovider.created", provider, actor=actor, url=provider.url)
    return provider


@transaction.atomic
def update_provider(
    *, provider: EnrichmentProvider, version: int | None, actor: Any, secret: str = "", **changes: Any
) -> EnrichmentProvider:
    """Change it; an empty secret leaves the one that it has. A change closes the breaker: it is tried anew."""
    _require(actor, "leads.change_enrichmentprovider")
    refuse_unknown(changes, SETTINGS)
    provider = lock(provider, version)
    wanted = tidy(changes)
    trial = EnrichmentProvider(pk=provider.pk, **{name: wanted.get(name, getattr(provider, name)) for name in SETTINGS})
    _check(trial)
    if secret:
        wanted["secret"] = sealing.seal(secret)
    changed = edit(provider, wanted)
    if changed:
        shown = {name: pair for name, pair in changed.items() if name != "secret"}
        audit.record(
            "enrichmentprovider.changed", provider, actor=actor, changed=shown, secret_changed="secret" in changed
        )
        EnrichmentProvider.objects.filter(pk=provider.pk).update(failures=0, open_until=None)
    return provider


def _check(provider: EnrichmentProvider) -> None:
    refuse_invalid(provider, [name for name in SETTINGS if name != "mapping"])
    if EnrichmentProvider.objects.filter(name=provider.name).exclude(pk=provider.pk).exists():
        raise InvalidInput.of(name=_("There is one already."))
    bounds = {"timeout_seconds": 60, "rate_per_minute": 6000, "breaker_after": 100, "breaker_minutes": 1440}
    for name, most in bounds.items():
        if not 1 <= getattr(provider, name) <= most:
            raise InvalidInput.of(**{name: _("A number from 1 to %(most)s.") % {"most": most}})
    address = _address(provider.url, dict.fromkeys(PLACES, "x"))
    if "{" in address or "}" in address:
        raise InvalidInput.of(url=_("Use {domain}, {company}, {country} or {email} only."))
    try:
        checked_url(address)
    except Refused as error:
        raise InvalidInput.of(url=str(error))
    if not isinstance(provider.mapping, dict) or not all(
        isinstance(ours, str) and isinstance(theirs, str) for ours, theirs in provider.mapping.items()
    ):
        raise InvalidInput.of(mapping=_("Name our facts and where the answer holds them."))


PLACES = ("domain", "company", "country", "email")


def _address(url: str, values: Mapping[str, str]) -> str:
    for name in PLACES:
        url = url.replace(f"{{{name}}}", quote(values[name], safe=""))
    return url


# Runs ---------------------------------------------------------------------------------------


@transaction.atomic
def ask_enrichment(*, lead: Lead, actor: Any) -> list[EnrichmentRun]:
    """Have every active provider asked about a lead, once a day each. What failed today is tried anew.

    A person who asks while nobody can be asked is told so.
    """
    if actor is not None:
        require(actor, "leads.change_lead")
    # The machine that greets a new lead and a person who asks at once: the lead first, then the questions.
    lead = lock(lead) if actor is None else lock_kept(lead)
    providers = list(EnrichmentProvider.objects.active())
    if not providers and actor is not None:
        raise IllegalState("no_provider", _("No provider is set up: an administrator adds one in the settings."))
    runs = [_queued(lead, provider, actor) for provider in providers]
    for run in runs:
        if run.status == Status.QUEUED:
            send = partial(current_app.send_task, "leads.enrich_financials", args=[run.pk], queue="leads", retry=False)
            transaction.on_commit(send, robust=True)
    if actor is not None:
        audit.record("lead.enrichment_asked", lead, actor=actor, providers=[str(one) for one in providers])
    return runs


def _queued(lead: Lead, provider: EnrichmentProvider, actor: Any) -> EnrichmentRun:
    now = clock.now()
    run, _made = EnrichmentRun.objects.get_or_create(
        lead=lead, provider=provider, day=clock.today(), defaults={"next_try_at": now, "asked_by": actor}
    )
    if run.status == Status.FAILED and actor is not None:
        run = lock(run)
        advance(run, Status.QUEUED, EnrichmentRun.TRANSITIONS)
        now = max(now, run.claimed_at + MINUTE) if run.claimed_at else now
        run.attempts, run.next_try_at, run.error, run.finished_at = 0, now, "", None
        run.save()
    return run


@transaction.atomic
def claim_enrichment(*, run_id: int, actor: Any = None) -> Asked | None:
    """Take a due question on, if its provider may be asked just now; None when it is not its turn.

    The provider's row is locked, so that any number of workers keep its rate.
    """
    provider = EnrichmentProvider.objects.select_for_update(of=("self",)).filter(runs=run_id).first()
    run = EnrichmentRun.objects.select_for_update().filter(pk=run_id).select_related("lead").first()
    now = clock.now()
    if provider is None or run is None or not _is_due(run, now):
        return None
    wait = _not_before(provider, now)
    if wait is not None:
        EnrichmentRun.objects.filter(pk=run.pk).update(status=Status.QUEUED, next_try_at=wait)
        return None
    run.status, run.claimed_at = Status.RUNNING, now
    run.attempts += 1
    run.save(update_fields=["status", "claimed_at", "attempts", "updated_at"])
    return _question(run, provider)


def _is_due(run: EnrichmentRun, now: datetime) -> bool:
    if run.status == Status.RUNNING:  # its worker is gone
        return run.claimed_at is not None and run.claimed_at < now - CLAIMED
    return run.status == Status.QUEUED and run.next_try_at <= now


def _not_before(provider: EnrichmentProvider, now: datetime) -> datetime | None:
    """When it may be asked again: not while its breaker is open, and not above its rate."""
    if not provider.is_active:
        return now + timedelta(days=1)
    if provider.open_until is not None and provider.open_until > now:
        return provider.open_until
    lately = EnrichmentRun.objects.filter(provider=provider, claimed_at__gt=now - MINUTE).order_by("-claimed_at")
    full = list(lately.values_list("claimed_at", flat=True)[: provider.rate_per_minute])
    return full[-1] + MINUTE if len(full) == provider.rate_per_minute and full[-1] else None


def _question(run: EnrichmentRun, provider: EnrichmentProvider) -> Asked:
    lead = run.lead
    values = {"domain": lead.domain, "company": lead.company, "country": lead.country, "email": lead.email}
    headers = {}
    if provider.secret and provider.header:
        try:
            headers = {provider.header: sealing.unseal(provider.secret)}
        except sealing.UnreadableSecret:
            headers = {}
    return Asked(
        run=run.pk,
        kind=provider.kind,
        url=_address(provider.url, values),
        headers=headers,
        seconds=provider.timeout_seconds,
        mapping=provider.mapping or {},
    )


@transaction.atomic
def settle_enrichment(*, run_id: int, found: Found, actor: Any = None) -> EnrichmentRun | None:
    """Write what came back, or plan the next try; after the third failure the run has failed and the lead is as it was.

    Failures in a row open the provider's breaker; an answer closes it.
    """
    provider = EnrichmentProvider.objects.select_for_update(of=("self",)).filter(runs=run_id).first()
    run = EnrichmentRun.objects.select_for_update().filter(pk=run_id).first()
    if provider is None or run is None or run.status != Status.RUNNING:
        return None
    if found.error:
        _failed(run, provider, found)
    else:
        EnrichmentProvider.objects.filter(pk=provider.pk).update(failures=0, open_until=None)
        run.payload = audit.plain(found.facts)
        run.written = _write(run.lead, provider, found.facts)
        run.error, run.status, run.finished_at = "", Status.DONE, clock.now()
    run.save()
    return run


def _failed(run: EnrichmentRun, provider: EnrichmentProvider, found: Found) -> None:
    now = clock.now()
    EnrichmentProvider.objects.filter(pk=provider.pk).update(failures=F("failures") + 1)
    if provider.failures + 1 >= provider.breaker_after:
        until = now + timedelta(minutes=provider.breaker_minutes)
        EnrichmentProvider.objects.filter(pk=provider.pk).update(open_until=until)
    run.error = found.error[:300]
    if run.attempts >= TRIES:
        run.status, run.finished_at = Status.FAILED, now
    else:
        wait = max(BACK_OFF[run.attempts - 1], timedelta(seconds=found.retry_after))
        run.status, run.next_try_at = Status.QUEUED, now + wait


def _write(lead: Lead, provider: EnrichmentProvider, facts: Mapping[str, Any]) -> list[str]:
    """The facts into the lead's finances and empty fields; returns the names of what was written."""
    good, lead = cleaned(facts), merging.lock_standing(lead)  # whoever types into it meanwhile is first, or waits
    row = LeadFinancials.objects.select_for_update().filter(lead=lead).first()
    if row is None:
        row = LeadFinancials(lead=lead, source=provider.name, as_of=clock.today())
    kept = set(row.typed) | ({"currency"} if "revenue" in row.typed else set())
    values = {name: good[name] for name in LeadFinancials.FACTS if name in good and name not in kept}
    for name, value in values.items():
        setattr(row, name, value)
    own = _own_fields(lead, row, good)
    if values or own:
        if values:
            told = f"{row.source}; {provider.name}" if row.typed and provider.name not in row.source else row.source
            row.source = told[:200] if row.typed else provider.name
            row.as_of = good.get("as_of") or clock.today()
        row.filled = {**row.filled, **audit.plain(own)}
        row.save()
        audit.record("lead.enriched", lead, actor=None, source=provider.name, written=audit.plain({**values, **own}))
    if own:
        update_lead(lead=lead, version=None, actor=None, **own)
    for key, kind in SIGNALS.items():
        for word in good.get(key, ()):
            note_signal(kind=kind, value=word, source=provider.name, lead=lead, actor=None)
    fit_to_markets(lead=lead)
    return sorted({*values, *own})


def _own_fields(lead: Lead, row: LeadFinancials, good: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of the lead that are empty, or hold exactly what a machine wrote there before."""
    if lead.archived_at is not None or lead.status == Lead.Status.CONVERTED:
        return {}
    found = {}
    for name in OWN:
        now, wanted = getattr(lead, name), good.get(name)
        untouched = name in row.filled and row.filled[name] == now
        if wanted not in (None, "") and wanted != now and (now in (None, "") and name not in row.filled or untouched):
            found[name] = wanted
    return found


# By hand --------------------------------------------------------------------------------------


@transaction.atomic
def set_financials(
    *,
    lead: Lead,
    version: int | None,
    actor: Any,
    source: str,
    as_of: date | None = None,
    revenue: Decimal | None = None,
    currency: str = "",
    employees: int | None = None,
    credit_rating: str = "",
) -> LeadFinancials:
    """Finances as a person found them. From now on no machine overwrites what is not empty.

    `version` is that of the finances; 0 for a lead that has none yet.
    """
    require(actor, "leads.change_lead")
    lead = lock_kept(lead)
    row = LeadFinancials.objects.filter(lead=lead).first()
    if row is None:
        row = LeadFinancials(lead=lead, version=0)
    elif version is not None:
        row = lock(row, version)
    before = placed(row)
    row.revenue, row.employees, row.credit_rating = revenue, employees, credit_rating.strip()
    row.currency, row.source = currency or row.currency, source.strip()
    row.as_of = as_of or clock.today()
    refuse_invalid(row, ["revenue", "currency", "employees", "credit_rating", "source", "as_of"])
    if revenue is not None and revenue < 0:
        raise InvalidInput.of(revenue=_("An amount is a number of 0 or more."))
    if row.as_of > clock.today():
        raise InvalidInput.of(as_of=_("This day is still to come."))
    row.typed = [name for name in ("revenue", "employees", "credit_rating") if getattr(row, name) not in (None, "")]
    row.version += 1
    row.save()
    after = placed(row)
    changed = {name: (before[name], after[name]) for name in after if before[name] != after[name]}
    audit.record("lead.finances_set", lead, actor=actor, changed=changed)
    fit_to_markets(lead=lead)
    return row


def _require(actor: Any, permission: str) -> None:
    if actor is not None:
        require(actor, permission)
