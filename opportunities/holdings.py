"""What somebody holds in this room who leaves."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from opportunities import services
from opportunities.models import Opportunity
from opportunities.selectors.leaving import approvals_waiting_for, deals_shared_with
from revops.core.registries import Holding, hand_over


def register() -> None:
    """Called once, when the app is ready."""
    hand_over.register(
        Holding(
            "opportunities",
            _("Open opportunities"),
            lambda user: Opportunity.objects.open().filter(owner=user, archived_at__isnull=True),
            services.hand_over_deals,
            order=40,
            url=lambda user: f"{reverse('opportunity-list')}?owner={user.pk}",
        )
    )
    hand_over.register(
        Holding(
            "shares", _("Credit and team places on open deals of others"), deals_shared_with,
            services.hand_over_shares, order=41,
        )
    )  # fmt: skip
    hand_over.register(
        Holding(
            "approvals", _("Approvals that wait"), approvals_waiting_for, services.hand_over_approvals, order=42,
        )
    )  # fmt: skip
