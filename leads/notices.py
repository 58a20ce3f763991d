"""What people are told about leads."""

from django.utils.translation import gettext_lazy as _

from leads.models import Handoff, Lead, LeadShare
from revops.core.registries import point_at
from revops.users.panels import share_panel
from revops.users.registries import NoticeKind, Sharing, notice_kinds, sharing


def register() -> None:
    """Called once, when the app is ready."""
    share_panel("leads.lead")
    point_at(Lead, Handoff)
    sharing.register(Sharing("leads.lead", Lead, LeadShare, "leads.change_lead"))
    notice_kinds.register(NoticeKind("lead.assigned", _("A lead is given to me"), icon="user-share", order=30))
    notice_kinds.register(NoticeKind("intake.received", _("Somebody I look after sent a form"), icon="forms", order=33))
    notice_kinds.register(
        NoticeKind("handoff.submitted", _("A handoff waits for my answer"), mail="now", icon="inbox", order=31)
    )
    notice_kinds.register(
        NoticeKind("scoring.drift", _("Leads have moved away from the scoring model"), icon="chart-dots", order=33)
    )
    notice_kinds.register(NoticeKind("handoff.decided", _("A handoff of mine is answered"), icon="inbox", order=32))
