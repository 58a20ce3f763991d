"""When somebody leaves: what they held goes to somebody who stays, a chunk at a time."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from leads.models import Assignment, Campaign, Enrollment, Handoff, Lead, LeadQueue, PromotionPartner, Sequence
from leads.selectors.research import open_briefs
from leads.services._assignments import FIRST_ANSWER_MINUTES
from leads.services._returns import back_to_working
from revops.core import clock
from revops.core.status import lock
from revops.users.calendars import default_calendar, due_after
from revops.users.services import hand_rows


@transaction.atomic
def hand_over_leads(*, user: Any, to: Any, actor: Any) -> int:
    """The next open leads of `user`, each with an assignment that says why; says how many went."""
    moved = hand_rows(rows=Lead.objects.open(), user=user, to=to, actor=actor, action="lead.assigned")
    now = clock.now()
    due = due_after(now, FIRST_ANSWER_MINUTES, default_calendar()) if moved else None
    reason = (_("Handed over by %(name)s") % {"name": user})[:200]
    Assignment.objects.filter(lead__in=moved, is_current=True).update(is_current=False)
    Assignment.objects.bulk_create(
        [Assignment(lead_id=pk, user=to, reason=reason, assigned_at=now, sla_due_at=due) for pk in moved]
    )
    return len(moved)


@transaction.atomic
def hand_over_queues(*, user: Any, to: Any, actor: Any) -> int:
    """The queues that `user` looks after."""
    return len(hand_rows(rows=LeadQueue.objects.all(), user=user, to=to, actor=actor, action="leadqueue.changed"))


@transaction.atomic
def hand_over_campaigns(*, user: Any, to: Any, actor: Any) -> int:
    """Campaigns that are planned or live."""
    rows = Campaign.objects.running()
    return len(hand_rows(rows=rows, user=user, to=to, actor=actor, action="campaign.changed"))


@transaction.atomic
def hand_over_partners(*, user: Any, to: Any, actor: Any) -> int:
    """The partners that `user` looks after."""
    rows = PromotionPartner.objects.all()
    return len(hand_rows(rows=rows, user=user, to=to, actor=actor, action="partner.changed"))


@transaction.atomic
def hand_over_sequences(*, user: Any, to: Any, actor: Any) -> int:
    """The sequences that `user` looks after."""
    rows = Sequence.objects.exclude(status=Sequence.Status.ARCHIVED)
    return len(hand_rows(rows=rows, user=user, to=to, actor=actor, action="sequence.changed"))


@transaction.atomic
def hand_over_enrollments(*, user: Any, to: Any, actor: Any) -> int:
    """Those to whom `user` writes are written to by somebody who stays."""
    rows = Enrollment.objects.running()
    return len(hand_rows(rows=rows, user=user, to=to, actor=actor, action="enrollment.changed", field="sender"))


@transaction.atomic
def hand_over_research(*, user: Any, to: Any, actor: Any) -> int:
    """Briefs that `user` is to answer, about leads and accounts that are still worked on."""
    return len(hand_rows(rows=open_briefs(), user=user, to=to, actor=actor, action="research.changed"))


@transaction.atomic
def return_handoffs(*, user: Any, to: Any, actor: Any) -> int:
    """Handoffs that wait for `user` go back to their sender: it was offered to a person, not to whoever comes next."""
    waiting = Handoff.objects.waiting().filter(to_user=user).select_related("lead", "from_user").order_by("pk")[:50]
    for handoff in waiting:
        note = _("%(name)s has left.") % {"name": user}
        tell = handoff.from_user if handoff.from_user.is_active else None
        back_to_working(lock(handoff.lead), note, actor=actor, tell=tell)
    return len(waiting)
