"""What people are told about cases."""

from django.utils.translation import gettext_lazy as _

from postsales.models import CaseShare, SupportCase
from revops.core.registries import point_at
from revops.users.panels import share_panel
from revops.users.registries import NoticeKind, Sharing, notice_kinds, sharing


def register() -> None:
    """Called once, when the app is ready."""
    share_panel("postsales.supportcase")
    point_at(SupportCase)
    sharing.register(Sharing("postsales.supportcase", SupportCase, CaseShare, "postsales.change_supportcase"))
    notice_kinds.register(
        NoticeKind("sla.breached", _("A case misses its service level"), mail="now", icon="alarm", order=50)
    )
