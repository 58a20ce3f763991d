"""What people are told about accounts and contacts."""

from accounts.models import Account, AccountShare, Activity, Contact
from revops.core.registries import point_at
from revops.users.panels import share_panel
from revops.users.registries import Sharing, sharing


def register() -> None:
    """Called once, when the app is ready."""
    share_panel("accounts.account")
    point_at(Account, Activity, Contact)
    sharing.register(Sharing("accounts.account", Account, AccountShare, "accounts.change_account"))
