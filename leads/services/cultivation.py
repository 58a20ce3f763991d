"""Keeping in touch: a plan for a lead, and one reminder when nothing happened for too long."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Activity
from accounts.services import plan_activity
from accounts.validation import refuse_invalid, refuse_unknown
from leads.models import CultivationPlan, Lead, LeadActivity
from leads.selectors.cultivation import last_touch
from leads.services._kept import lock_kept
from revops.core import audit, clock, merging
from revops.core.errors import IllegalState, InvalidInput
from revops.core.scope import require
from revops.core.status import edit, lock

REMIND_AFTER_DAYS: int = getattr(settings, "CULTIVATION_REMIND_AFTER_DAYS", 14)
FIELDS = ("stage", "next_touch_on")


@transaction.atomic
def cultivate_lead(*, lead: Lead, actor: Any, **fields: Any) -> CultivationPlan:
    """Begin to keep in touch with a lead that is not ready yet."""
    require(actor, "leads.change_lead")
    lead = lock_kept(lead)
    if lead.status not in Lead.OPEN:
        raise IllegalState("illegal_state", _("This lead is closed: there is nothing to cultivate."))
    if CultivationPlan.objects.filter(lead=lead).exists():
        raise IllegalState("plan_exists", _("There is a plan for this lead already."))
    refuse_unknown(fields, FIELDS)
    plan = CultivationPlan(lead=lead, **fields)
    _check(plan)
    plan.save(force_insert=True)
    audit.record("cultivationplan.created", plan, actor=actor, stage=plan.stage)
    return plan


@transaction.atomic
def change_cultivation(*, plan: CultivationPlan, version: int | None, actor: Any, **changes: Any) -> CultivationPlan:
    """It has come further, or is touched at another time."""
    require(actor, "leads.change_lead")
    refuse_unknown(changes, FIELDS)
    lock_kept(plan.lead)
    plan = lock(plan, version)
    trial = CultivationPlan(lead_id=plan.lead_id, **{name: changes.get(name, getattr(plan, name)) for name in FIELDS})
    _check(trial, moved="next_touch_on" in changes and changes["next_touch_on"] != plan.next_touch_on)
    changed = edit(plan, changes)
    if changed:
        audit.record("cultivationplan.changed", plan, actor=actor, changed=changed)
    return plan


def _check(plan: CultivationPlan, *, moved: bool = True) -> None:
    refuse_invalid(plan, FIELDS)
    if moved and plan.next_touch_on is not None and plan.next_touch_on < clock.today():
        raise InvalidInput.of(next_touch_on=_("The next touch lies ahead: choose today or later."))


@transaction.atomic
def remind_of_lead(*, plan: CultivationPlan, actor: Any = None) -> bool:
    """Nothing happened for 14 days: one task for whoever holds the lead. Run again, it has the effect of once."""
    lead = lock(plan.lead)
    plan = lock(plan)
    since = last_touch(lead) or plan.created_at
    told = plan.reminded_at is not None and plan.reminded_at >= since
    late = since <= clock.now() - timedelta(days=REMIND_AFTER_DAYS)
    if lead.status not in Lead.OPEN or lead.archived_at is not None or told or not late:
        return False
    plan.reminded_at = clock.now()
    plan.save(update_fields=["reminded_at", "updated_at"])
    holder = lead.owner or (lead.queue.owner if lead.queue else None)
    subject = _("No touch for %(days)s days: %(name)s, %(company)s")
    task = plan_activity(
        actor=None,
        kind=Activity.Kind.TASK,
        subject=(subject % {"days": REMIND_AFTER_DAYS, "name": lead.name, "company": lead.company[:80]})[:200],
        due_at=clock.now(),
        owner=holder,
        account=lead.account,
    )
    LeadActivity.objects.create(lead=merging.standing(lead), activity=task)
    audit.record("lead.cultivation_reminded", lead, actor=actor, to=holder)
    return True
