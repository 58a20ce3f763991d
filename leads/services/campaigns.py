"""Campaigns: planned, live, ended, analysed; whom they address, what they cost, what came of them."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import Contact
from accounts.validation import refuse_invalid, refuse_unknown, tidy
from leads.events import CampaignEnded, CampaignWentLive
from leads.models import Campaign, CampaignMember, CampaignTask, Lead, TouchPoint
from revops.core import audit, clock, merging, outbox
from revops.core.acting import refuse_readers
from revops.core.errors import DomainError, IllegalState, InvalidInput, MissingFields
from revops.core.money import digits
from revops.core.scope import require
from revops.core.status import advance, edit, lock

FIELDS = (
    *("name", "code", "kind", "channel", "owner", "starts_on", "ends_on", "budget", "currency", "offer"),
    *("uplift_pct", "stock_needed", "findings"),
)
# What a campaign that ran may still change: what was learned, and what it is called.
AFTERWARDS = frozenset({"name", "owner", "findings"})
Area = CampaignTask.Area


@transaction.atomic
def create_campaign(*, actor: Any, name: str, code: str, products: Collection[Any] = (), **fields: Any) -> Campaign:
    """Plan a campaign. One that needs stock gets the task that it waits for."""
    if actor is not None:
        require(actor, "leads.add_campaign")
    refuse_unknown(fields, FIELDS)
    campaign = Campaign(**tidy({"name": name, "code": code, "owner": actor, **fields}))
    _check(campaign)
    campaign.save(force_insert=True)
    campaign.products.set(products)
    audit.record("campaign.created", campaign, actor=actor)
    if campaign.stock_needed:
        _ask_for_stock(campaign, actor)
    return campaign


@transaction.atomic
def update_campaign(*, campaign: Campaign, version: int | None, actor: Any, **changes: Any) -> Campaign:
    """Change a campaign; of one that is over only its name, its owner and what was learned."""
    require(actor, "leads.change_campaign")
    products = changes.pop("products", None)
    refuse_unknown(changes, FIELDS)
    campaign = lock(campaign, version)
    wanted = tidy(changes)
    touched = {name for name, value in wanted.items() if getattr(campaign, name) != value}
    before = sorted(campaign.products.values_list("pk", flat=True))
    after = before if products is None else sorted(product.pk for product in products)
    if after != before:
        touched.add("products")
    _refuse_late(campaign, touched)
    _check(Campaign(pk=campaign.pk, **{name: wanted.get(name, getattr(campaign, name)) for name in FIELDS}))
    changed = edit(campaign, wanted)
    if after != before:
        campaign.products.set(products or [])
        changed["products"] = (before, after)
    if changed:
        audit.record("campaign.changed", campaign, actor=actor, changed=changed)
    if "stock_needed" in changed and campaign.stock_needed and not campaign.tasks.filter(is_stock=True).exists():
        _ask_for_stock(campaign, actor)
    return campaign


def _refuse_late(campaign: Campaign, touched: set[str]) -> None:
    if campaign.status in (Campaign.Status.ENDED, Campaign.Status.ANALYSED) and touched - AFTERWARDS:
        raise IllegalState("illegal_state", _("This campaign is over: its days, money and offer stand as they were."))
    if campaign.status == Campaign.Status.LIVE and touched & {"stock_needed", "code", "currency"}:
        raise IllegalState("illegal_state", _("While it is live, code, currency and stock stand as they are."))
    if "currency" in touched and campaign.actual_cost:
        raise IllegalState("illegal_state", _("It has costs in this currency already."))


def _check(campaign: Campaign) -> None:
    refuse_invalid(campaign, FIELDS)
    if any(char.isspace() for char in campaign.code):
        raise InvalidInput.of(code=_("A code has no blanks: it stands in links."))
    if campaign.ends_on < campaign.starts_on:
        raise InvalidInput.of(ends_on=_("It ends before it starts."))
    if campaign.budget < 0 or campaign.budget != round(campaign.budget, digits(campaign.currency)):
        raise InvalidInput.of(budget=_("A budget is an amount of 0 or more, no finer than a coin."))
    if campaign.stock_needed is not None and campaign.stock_needed <= 0:
        raise InvalidInput.of(stock_needed=_("Say how many units are needed, or leave it empty."))
    if campaign.uplift_pct is not None and campaign.uplift_pct <= -100:
        raise InvalidInput.of(uplift_pct=_("Demand cannot fall by 100 % or more."))
    same = Campaign.objects.filter(code__iexact=campaign.code).exclude(pk=campaign.pk)
    if same.exists():
        raise InvalidInput.of(code=_("Another campaign has this code."))


# Its way -------------------------------------------------------------------------------------


@transaction.atomic
def launch_campaign(*, campaign: Campaign, version: int | None, actor: Any) -> Campaign:
    """It goes live, once what it needs is in stock."""
    require(actor, "leads.change_campaign")
    campaign = lock(campaign, version)
    waits = campaign.tasks.filter(is_stock=True, done_at=None).first()
    if waits is not None and campaign.status == Campaign.Status.PLANNED:
        raise DomainError(
            "stock_task_open",
            _("It waits for its stock: “%(task)s” is not done.") % {"task": waits.title},
            facts={"task": waits.pk},
        )
    advance(campaign, Campaign.Status.LIVE, Campaign.TRANSITIONS)
    campaign.live_at = clock.now()
    campaign.save(update_fields=["status", "live_at", "version", "updated_at"])
    audit.record("campaign.launched", campaign, actor=actor)
    outbox.publish(CampaignWentLive(campaign_id=campaign.pk))
    return campaign


@transaction.atomic
def end_campaign(*, campaign: Campaign, version: int | None, actor: Any) -> Campaign:
    """It is over; late answers still count for it."""
    require(actor, "leads.change_campaign")
    campaign = lock(campaign, version)
    advance(campaign, Campaign.Status.ENDED, Campaign.TRANSITIONS)
    campaign.ended_at = clock.now()
    campaign.save(update_fields=["status", "ended_at", "version", "updated_at"])
    audit.record("campaign.ended", campaign, actor=actor)
    outbox.publish(CampaignEnded(campaign_id=campaign.pk))
    return campaign


@transaction.atomic
def analyse_campaign(*, campaign: Campaign, version: int | None, actor: Any, findings: str) -> Campaign:
    """What was learned, for the next one."""
    require(actor, "leads.change_campaign")
    campaign = lock(campaign, version)
    findings = findings.strip()
    if not findings:
        raise MissingFields(_("Say what was learned."), ["findings"])
    advance(campaign, Campaign.Status.ANALYSED, Campaign.TRANSITIONS)
    campaign.analysed_at, campaign.findings = clock.now(), findings
    campaign.save(update_fields=["status", "analysed_at", "findings", "version", "updated_at"])
    audit.record("campaign.analysed", campaign, actor=actor)
    return campaign


# What is prepared ----------------------------------------------------------------------------


def _ask_for_stock(campaign: Campaign, actor: Any) -> None:
    needed = f"{(campaign.stock_needed or Decimal(0)).normalize():f}"
    add_campaign_task(
        campaign=campaign,
        actor=actor,
        area=Area.OPERATIONS,
        title=_("Have %(count)s units in stock") % {"count": needed},
        due_on=campaign.starts_on,
        is_stock=True,
    )


@transaction.atomic
def add_campaign_task(
    *,
    campaign: Campaign,
    actor: Any,
    area: str,
    title: str,
    owner: Any = None,
    due_on: date | None = None,
    is_stock: bool = False,
) -> CampaignTask:
    """Something that marketing or operations prepares."""
    if actor is not None:
        require(actor, "leads.change_campaign")
    refuse_readers(campaign)
    task = CampaignTask(
        campaign=campaign, area=area, title=title.strip(), owner=owner, due_on=due_on, is_stock=is_stock
    )
    refuse_invalid(task, ("area", "title", "owner", "due_on"))
    if is_stock and area != Area.OPERATIONS:
        raise InvalidInput.of(area=_("Stock is the task of operations."))
    if is_stock and lock(campaign).status != Campaign.Status.PLANNED:
        raise IllegalState("illegal_state", _("It is live already: stock was to be there before."))
    task.save(force_insert=True)
    audit.record("campaign.task_added", campaign, actor=actor, task=task)
    return task


@transaction.atomic
def finish_campaign_task(*, task: CampaignTask, version: int | None, actor: Any, done: bool = True) -> CampaignTask:
    """It is done; or it is not, after all."""
    if actor.pk != task.owner_id:
        require(actor, "leads.change_campaign")
    task = lock(task, version)
    if (task.done_at is not None) == done:
        return task
    campaign = lock(task.campaign)
    if not done and task.is_stock and campaign.status != Campaign.Status.PLANNED:
        raise IllegalState("illegal_state", _("The campaign is live on the strength of this task."))
    edit(task, {"done_at": clock.now() if done else None, "done_by": actor if done else None})
    audit.record("campaign.task_done" if done else "campaign.task_reopened", campaign, actor=actor, task=task)
    return task


# Whom it addresses ---------------------------------------------------------------------------


@transaction.atomic
def add_members(*, campaign: Campaign, actor: Any, leads: Sequence[Lead] = (), contacts: Sequence[Contact] = ()) -> int:
    """Choose people for a campaign; who is in it already stays as they are. Says how many are new."""
    require(actor, "leads.add_campaignmember")
    campaign = lock(campaign)
    _refuse_over(campaign)
    leads, contacts = merging.standing_all(leads), merging.standing_all(contacts)
    known = CampaignMember.objects.filter(campaign=campaign)
    in_it: set[tuple[int | None, int | None]] = set(known.values_list("lead_id", "contact_id"))
    rows = [CampaignMember(campaign=campaign, lead=lead) for lead in leads if (lead.pk, None) not in in_it]
    rows += [CampaignMember(campaign=campaign, contact=one) for one in contacts if (None, one.pk) not in in_it]
    CampaignMember.objects.bulk_create(rows, batch_size=1000)
    if rows:
        audit.record("campaign.members_added", campaign, actor=actor, count=len(rows))
    return len(rows)


@transaction.atomic
def move_member(*, member: CampaignMember, status: str, version: int | None, actor: Any) -> CampaignMember:
    """One step or several forward: contacted, opened or clicked, responded."""
    require(actor, "leads.change_campaignmember")
    _hold(member.campaign)
    member, now = lock(member, version), clock.now()
    _refuse_over(member.campaign)
    member = _forward(member, status, now, actor)
    if status == CampaignMember.Status.RESPONDED:  # an answer that no form brought: it is a touch like any other
        lead, contact = merging.standing(member.lead), merging.standing(member.contact)
        TouchPoint.objects.create(
            campaign=member.campaign, lead=lead, contact=contact, kind=TouchPoint.Kind.OTHER, at=now
        )
    return member


def _forward(member: CampaignMember, status: str, at: datetime, actor: Any) -> CampaignMember:
    advance(member, status, CampaignMember.TRANSITIONS)
    if status == CampaignMember.Status.RESPONDED:
        member.responded_at = at
    member.save(update_fields=["status", "responded_at", "version", "updated_at"])
    audit.record("campaign.member_moved", member.campaign, actor=actor, member=member, status=status)
    return member


def _refuse_over(campaign: Campaign) -> None:
    if campaign.status == Campaign.Status.ANALYSED:
        raise IllegalState("illegal_state", _("This campaign is analysed: its figures are closed."))


@transaction.atomic
def note_touch(
    *,
    actor: Any,
    campaign: Campaign | None,
    lead: Lead | None = None,
    contact: Contact | None = None,
    kind: str = TouchPoint.Kind.OTHER,
    at: datetime | None = None,
    responded: bool = False,
    **traces: str,
) -> TouchPoint:
    """Somebody was touched; with `responded` they are a member who answered."""
    if actor is not None:
        require(actor, "leads.add_touchpoint")
    _hold(campaign)
    lead, contact = merging.standing(lead), merging.standing(contact)
    at = at or clock.now()
    if at > clock.now():
        raise InvalidInput.of(at=_("What has not happened yet is no touch."))
    touch = TouchPoint(campaign=campaign, lead=lead, contact=contact, kind=kind, at=at, **traces)
    refuse_invalid(touch, ("kind", *traces))
    touch.save(force_insert=True)
    if campaign is not None:
        _take_part(campaign, lead, contact, at, responded, actor)
    return touch


def _hold(campaign: Campaign | None) -> None:
    """Whoever chooses members locks the campaign and then writes them: who writes one of them waits for it before, or
    each would wait for the other (a foreign key is checked at the commit only).
    """
    if campaign is not None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM leads_campaign WHERE id = %s FOR KEY SHARE", [campaign.pk])


def _take_part(
    campaign: Campaign, lead: Lead | None, contact: Contact | None, at: datetime, responded: bool, actor: Any
) -> None:
    member, _new = CampaignMember.objects.select_for_update(of=("self",)).get_or_create(
        campaign=campaign, lead=lead, contact=contact
    )
    status = CampaignMember.Status.RESPONDED if responded else CampaignMember.Status.ENGAGED
    if status in CampaignMember.TRANSITIONS[CampaignMember.Status(member.status)]:
        _forward(member, status, at, actor)
