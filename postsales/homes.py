"""Custom fields of cases: their states, and the service that changes values."""

from django.utils.translation import gettext_lazy as _

from postsales import services
from postsales.models import SupportCase
from revops.core.custom.definitions import Home, homes, steps_of


def register_homes() -> None:
    """Called once, when the app is ready."""
    homes.register(
        Home(
            SupportCase,
            _("Cases"),
            steps_of(SupportCase.Status),
            order=70,
            permission="postsales.change_supportcase",
            change=lambda record, **to: services.update_case(case=record, **to),
        )
    )
