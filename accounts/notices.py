"""What people are told about accounts and contacts."""

from accounts.models import Account, Activity, Contact
from revops.core.registries import point_at


def register() -> None:
    """Called once, when the app is ready."""
    point_at(Account, Activity, Contact)
