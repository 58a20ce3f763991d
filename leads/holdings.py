"""What somebody holds in this room who leaves."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from leads import services
from leads.models import Handoff, Lead, LeadQueue, NamedAccount
from leads.selectors.research import open_briefs
from revops.core.registries import Holding, hand_over


def register() -> None:
    """Called once, when the app is ready."""
    hand_over.register(
        Holding(
            "handoffs",
            _("Handoffs that wait for an answer"),
            lambda user: Handoff.objects.waiting().filter(to_user=user),
            services.return_handoffs,
            order=19,
        )
    )
    hand_over.register(
        Holding(
            "leads",
            _("Open leads"),
            lambda user: Lead.objects.open().filter(owner=user),
            services.hand_over_leads,
            order=20,
            url=lambda user: f"{reverse('lead-list')}?owner={user.pk}",
        )
    )
    hand_over.register(
        Holding(
            "queues",
            _("Lead queues"),
            lambda user: LeadQueue.objects.filter(owner=user),
            services.hand_over_queues,
            order=21,
        )
    )
    hand_over.register(
        Holding(
            "research",
            _("Research to be done"),
            lambda user: open_briefs().filter(owner=user),
            services.hand_over_research,
            order=24,
        )
    )
    hand_over.register(
        Holding(
            "named_accounts",
            _("Named accounts"),
            lambda user: NamedAccount.objects.filter(user=user, is_active=True),
            services.hand_over_named_accounts,
            order=22,
        )
    )
