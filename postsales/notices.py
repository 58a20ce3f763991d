"""What people are told about cases."""

from django.utils.translation import gettext_lazy as _

from postsales.models import SupportCase
from revops.core.registries import point_at
from revops.users.registries import NoticeKind, notice_kinds


def register() -> None:
    """Called once, when the app is ready."""
    point_at(SupportCase)
    notice_kinds.register(
        NoticeKind("sla.breached", _("A case misses its service level"), mail="now", icon="alarm", order=50)
    )
