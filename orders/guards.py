"""What orders forbid lower apps to do."""

from typing import Any

from django.utils.translation import gettext as _

from opportunities.models import Opportunity
from orders.selectors import has_booked_order
from revops.core.errors import IllegalState
from revops.core.registries import Step, guards


def refuse_when_booked(*, opportunity: Opportunity, actor: Any = None) -> None:
    """A deal whose order is booked is not reopened, and no other quote of it is accepted."""
    if has_booked_order(opportunity):
        raise IllegalState("order_booked", _("An order of this opportunity is booked. Cancel the order first."))


def register() -> None:
    """Called once, when the app is ready."""
    guards.register(Step("orders.reopen", refuse_when_booked, topic="opportunities.reopen"))
    guards.register(Step("orders.accept_quote", refuse_when_booked, topic="opportunities.accept_quote"))
