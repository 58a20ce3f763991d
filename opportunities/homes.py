"""Custom fields of deals and quotes: their stages and states, and the services that change values."""

from django.utils.translation import gettext_lazy as _

from opportunities import services
from opportunities.models import Opportunity, Quote
from opportunities.selectors.entry import stage_key, stage_steps
from revops.core.custom.definitions import Home, homes, steps_of

NO_MORE = (Quote.Status.REJECTED, Quote.Status.EXPIRED, Quote.Status.SUPERSEDED)


def register_homes() -> None:
    """Called once, when the app is ready."""
    homes.register(
        Home(
            Opportunity,
            _("Opportunities"),
            stage_steps,
            stage_key,
            order=40,
            permission="opportunities.change_opportunity",
            change=lambda record, **to: services.update_opportunity(opportunity=record, **to),
        )
    )
    homes.register(
        Home(
            Quote,
            _("Quotes"),
            steps_of(Quote.Status, NO_MORE),
            order=50,
            permission="opportunities.change_quote",
            change=lambda record, **to: services.note_on_quote(quote=record, **to),
        )
    )
