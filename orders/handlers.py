"""What happens here when a lower app's event arrives. Each may be delivered twice."""

from opportunities.events import OpportunityMoved, QuoteAccepted
from opportunities.models import Opportunity, Quote
from orders import services


def book_accepted_quote(event: QuoteAccepted) -> None:
    """An accepted quote is booked, once."""
    services.book_order_from_quote(quote=Quote.objects.get(pk=event.quote_id))


def draft_order_when_won_by_hand(event: OpportunityMoved) -> None:
    """A deal won without a quote gets a draft order to complete; history from elsewhere gets none."""
    opportunity = Opportunity.objects.get(pk=event.opportunity_id)
    if opportunity.status == Opportunity.Status.WON:
        services.draft_order_for_won_deal(opportunity=opportunity)
