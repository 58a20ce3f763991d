"""Custom fields of leads: their states, where values go at conversion, and the service that changes them."""

from django.utils.translation import gettext_lazy as _

from leads import services
from leads.models import Lead
from revops.core.custom.definitions import Home, homes, steps_of

OFF_PATH = (Lead.Status.NURTURE, Lead.Status.DISQUALIFIED)


def register_homes() -> None:
    """Called once, when the app is ready."""
    homes.register(
        Home(
            Lead,
            _("Leads"),
            steps_of(Lead.Status, OFF_PATH),
            carried_to=("accounts.account", "accounts.contact", "opportunities.opportunity"),
            order=10,
            permission="leads.change_lead",
            change=lambda record, **to: services.update_lead(lead=record, **to),
        )
    )
