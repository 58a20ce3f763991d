"""What is archived stays as it is until it is restored."""

from django.utils.translation import gettext as _

from leads.models import Lead
from revops.core import merging
from revops.core.errors import IllegalState
from revops.core.status import lock


def lock_kept(lead: Lead, version: int | None = None) -> Lead:
    """The lead, locked for a change by people. Raises IllegalState when it is archived."""
    lead = lock(lead, version)
    merging.refuse_alias(lead)
    if lead.archived_at is not None:
        raise IllegalState("archived", _("This lead is archived. Restore it first."))
    return lead
