"""When somebody leaves: what they held goes to somebody who stays."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from leads.models import Handoff, Lead, LeadQueue
from leads.services._assignments import Choice, assign
from leads.services._returns import back_to_working
from revops.core import audit
from revops.core.status import edit, lock


@transaction.atomic
def hand_over_leads(*, user: Any, to: Any, actor: Any) -> int:
    """Leads and queues of `user` go to `to`; handoffs that waited for `user` go back to their sender."""
    leads = list(Lead.objects.filter(owner=user, status__in=Lead.OPEN).order_by("pk"))
    for lead in leads:
        assign(lock(lead), Choice(_("Handed over by %(name)s") % {"name": user}, user=to), actor=actor)
    queues = list(LeadQueue.objects.filter(owner=user).order_by("pk"))
    for queue in queues:
        locked = lock(queue)
        audit.record("leadqueue.changed", locked, actor=actor, changed=edit(locked, {"owner": to}))
    waiting = list(Handoff.objects.waiting().filter(to_user=user).select_related("lead", "from_user").order_by("pk"))
    for handoff in waiting:
        note = _("%(name)s has left.") % {"name": user}
        back_to_working(lock(handoff.lead), note, actor=actor, tell=handoff.from_user)
    return len(leads) + len(queues) + len(waiting)
