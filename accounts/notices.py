"""What people are told about accounts and contacts."""

from django.utils.translation import gettext_lazy as _

from accounts.models import Account, AccountShare, Activity, Contact
from revops.core.registries import point_at
from revops.users.panels import share_panel
from revops.users.registries import NoticeKind, Sharing, notice_kinds, sharing


def register() -> None:
    """Called once, when the app is ready."""
    notice_kinds.register(
        NoticeKind("completeness.weekly", _("How complete my accounts are, weekly"), icon="chart-bar", order=60)
    )
    notice_kinds.register(
        NoticeKind("duplicate.hidden", _("Somebody enters what I may have already"), icon="copy", order=33)
    )
    share_panel("accounts.account")
    point_at(Account, Activity, Contact)
    sharing.register(Sharing("accounts.account", Account, AccountShare, "accounts.change_account"))
