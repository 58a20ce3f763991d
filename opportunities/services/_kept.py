"""What is archived stays as it is until it is restored."""

from django.utils.translation import gettext as _

from opportunities.models import Opportunity
from revops.core.errors import IllegalState
from revops.core.status import lock


def lock_kept(opportunity: Opportunity, version: int | None = None) -> Opportunity:
    """The deal, locked for a change by people. Raises IllegalState when it is archived."""
    opportunity = lock(opportunity, version)
    if opportunity.archived_at is not None:
        raise IllegalState("archived", _("This opportunity is archived. Restore it first."))
    return opportunity
