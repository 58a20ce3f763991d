"""What people are told about deals and quotes."""

from django.utils.translation import gettext_lazy as _

from opportunities.models import Opportunity, Quote
from revops.core.registries import point_at
from revops.users.registries import NoticeKind, notice_kinds


def register() -> None:
    """Called once, when the app is ready."""
    point_at(Opportunity, Quote)
    notice_kinds.register(
        NoticeKind("approval.waiting", _("A quote waits for my approval"), mail="now", icon="shield-check", order=40)
    )
    notice_kinds.register(
        NoticeKind("approval.decided", _("A quote of mine is approved or sent back"), icon="shield-check", order=41)
    )
