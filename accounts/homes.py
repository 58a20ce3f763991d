"""Custom fields of accounts, contacts and activities: which states they know, and the services that change values."""

from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.models import Account, Activity, Contact
from revops.core.custom.definitions import Home, homes, steps_of


def register_homes() -> None:
    """Called once, when the app is ready."""
    homes.register(
        Home(
            Account,
            _("Accounts"),
            order=20,
            permission="accounts.change_account",
            change=lambda record, **to: services.update_account(account=record, **to),
        )
    )
    homes.register(
        Home(
            Contact,
            _("Contacts"),
            order=30,
            permission="accounts.change_contact",
            change=lambda record, **to: services.update_contact(contact=record, **to),
        )
    )
    homes.register(
        Home(
            Activity,
            _("Activities"),
            steps_of(Activity.Status, (Activity.Status.CANCELLED,)),
            order=90,
            permission="accounts.change_activity",
            change=lambda record, **to: services.update_activity(activity=record, **to),
        )
    )
