"""Research: briefs, findings with their source, and what happens when one runs out."""

from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Account, Activity
from accounts.services import plan_activity
from accounts.validation import refuse_invalid
from leads.events import ResearchChanged, ResearchFound, ResearchOpened
from leads.models import Lead, LeadActivity, ResearchBrief, ResearchFinding
from leads.selectors.research import running_out
from leads.services._kept import lock_kept
from revops.core import audit, clock, merging, outbox
from revops.core.errors import IllegalState, InvalidInput, MissingFields
from revops.core.scope import require
from revops.core.status import edit, lock


@transaction.atomic
def open_brief(
    *,
    actor: Any,
    lead: Lead | None = None,
    account: Account | None = None,
    owner: Any = None,
    due_on: date | None = None,
) -> ResearchBrief:
    """Say what is to be found out, by whom and until when. Each lead and account has one."""
    _require(actor, lead, account)
    if lead is not None:
        lead = lock_kept(lead)
    merging.hold(account)
    subject: Any = lead or account
    if ResearchBrief.objects.filter(lead=lead, account=account).exists():
        raise IllegalState("research_exists", _("There is a brief already: go on with it."))
    brief = ResearchBrief.objects.create(lead=lead, account=account, owner=owner or actor, due_on=due_on)
    audit.record("research.opened", subject, actor=actor, due_on=due_on)
    outbox.publish(ResearchOpened(brief_id=brief.pk, lead_id=brief.lead_id, account_id=brief.account_id))
    return brief


@transaction.atomic
def update_brief(*, brief: ResearchBrief, version: int | None, actor: Any, **changes: Any) -> ResearchBrief:
    """Another owner, another day."""
    _require(actor, brief.lead, brief.account)
    unknown = set(changes) - {"owner", "due_on"}
    if unknown:
        raise TypeError(f"not fields of this service: {', '.join(sorted(unknown))}")
    brief = lock(brief, version)
    changed = edit(brief, changes)
    if changed:
        audit.record("research.changed", brief.subject, actor=actor, changed=changed)
        outbox.publish(ResearchChanged(brief_id=brief.pk))
    return brief


@transaction.atomic
def add_finding(
    *,
    actor: Any,
    topic: str,
    value: str,
    source: str,
    lead: Lead | None = None,
    account: Account | None = None,
    confidence: str = ResearchFinding.Confidence.MEDIUM,
    as_of: date | None = None,
    expires_on: date | None = None,
) -> ResearchFinding:
    """Answer a question. Without a source it is refused; what stood for this topic before stays as history."""
    _require(actor, lead, account)
    if not source.strip():
        raise MissingFields(_("Say where it stands: a finding without a source is refused."), ["source"])
    if lead is not None:
        lead = lock_kept(lead)
    merging.hold(account)
    brief, _made = ResearchBrief.objects.get_or_create(lead=lead, account=account, defaults={"owner": actor})
    lock(brief)
    finding = ResearchFinding(
        brief=brief,
        topic=topic,
        value=value.strip(),
        source=source.strip(),
        confidence=confidence,
        as_of=as_of or clock.today(),
        expires_on=expires_on,
        found_by=actor,
    )
    _check(finding)
    ResearchFinding.objects.filter(brief=brief, topic=topic, is_current=True).update(is_current=False)
    finding.save(force_insert=True)
    audit.record(
        "research.found", brief.subject, actor=actor, topic=topic, source=finding.source, note=finding.value[:300]
    )
    outbox.publish(ResearchFound(finding_id=finding.pk, brief_id=brief.pk, topic=topic))
    return finding


def _check(finding: ResearchFinding) -> None:
    refuse_invalid(finding, ["topic", "value", "source", "confidence", "as_of", "expires_on"])
    if len(finding.value) > 2000:
        raise InvalidInput.of(value=_("At most 2,000 characters."))
    if finding.as_of > clock.today():
        raise InvalidInput.of(as_of=_("This day is still to come."))
    if finding.expires_on is not None and finding.expires_on < finding.as_of:
        raise InvalidInput.of(expires_on=_("It cannot end before it was found."))


@transaction.atomic
def expire_findings(*, actor: Any = None) -> int:
    """One task each, once, to renew what has run out: for whoever researches, else who holds the record."""
    today, told = clock.today(), 0
    rows = running_out(today).select_related("brief__lead__queue", "brief__account").order_by("pk")
    due = dict(rows.values_list("pk", "brief__lead")[:500])
    # The leads before their findings, as whoever finds something does.
    merging.standing_keys(Lead, {key for key in due.values() if key is not None})
    for finding in rows.filter(pk__in=due).select_for_update(of=("self",)):
        finding.expired_at = clock.now()
        finding.save(update_fields=["expired_at", "updated_at"])
        told += _ask_to_renew(finding)
    return told


def _ask_to_renew(finding: ResearchFinding) -> int:
    brief, lead = finding.brief, finding.brief.lead
    if lead is not None and (lead.archived_at is not None or lead.status not in Lead.OPEN):
        return 0
    holder = _renewer(brief)
    name = lead.company if lead is not None else str(brief.account)
    task = plan_activity(
        actor=None,
        kind=Activity.Kind.TASK,
        subject=_("Renew research on %(name)s: %(topic)s") % {"name": name[:120], "topic": finding.get_topic_display()},
        due_at=clock.now(),
        owner=holder,
        account=brief.account,
        body=finding.value,
    )
    if lead is not None:
        LeadActivity.objects.create(lead=merging.standing(lead), activity=task)
    return 1


def _renewer(brief: ResearchBrief) -> Any:
    """Whoever researches, as long as they work here; else who holds the record."""
    if brief.owner is not None and brief.owner.is_active:
        return brief.owner
    if brief.lead is None:
        return brief.account.owner if brief.account else None
    return brief.lead.owner or (brief.lead.queue.owner if brief.lead.queue else None)


def _require(actor: Any, lead: Lead | None, account: Account | None) -> None:
    if (lead is None) == (account is None):
        raise InvalidInput.of(lead=_("Research is about a lead or an account."))
    if actor is not None:
        require(actor, "leads.change_lead" if lead is not None else "accounts.change_account")
