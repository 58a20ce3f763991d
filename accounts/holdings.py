"""What somebody holds in this room who leaves."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.models import Account, Activity, Channel, Contact, Document, TerritoryModel, TerritoryRule
from revops.core.registries import Holding, hand_over


def register() -> None:
    """Called once, when the app is ready."""
    hand_over.register(
        Holding(
            "accounts",
            _("Accounts"),
            lambda user: Account.objects.active().filter(owner=user),
            services.hand_over_accounts,
            order=30,
            url=lambda user: f"{reverse('account-list')}?owner={user.pk}",
        )
    )
    hand_over.register(
        Holding(
            "contacts",
            _("Contacts"),
            lambda user: Contact.objects.active().filter(owner=user),
            services.hand_over_contacts,
            order=31,
            url=lambda user: f"{reverse('contact-list')}?owner={user.pk}",
        )
    )
    hand_over.register(
        Holding(
            "activities",
            _("Planned activities"),
            lambda user: Activity.objects.planned().filter(owner=user),
            services.hand_over_activities,
            order=32,
            url=lambda user: f"{reverse('activity-list')}?owner={user.pk}",
        )
    )
    _register_settings_and_papers()


def _register_settings_and_papers() -> None:
    hand_over.register(
        Holding(
            "territories",
            _("Territories"),
            lambda user: TerritoryRule.objects.filter(owner=user).exclude(model__status=TerritoryModel.Status.ARCHIVED),
            services.hand_over_territories,
            order=33,
        )
    )
    hand_over.register(
        Holding(
            "channels",
            _("Channels"),
            lambda user: Channel.objects.active().filter(owner=user),
            services.hand_over_channels,
            order=34,
            url=lambda user: f"{reverse('channel-list')}?owner={user.pk}",
        )
    )
    hand_over.register(
        Holding(
            "documents",
            _("Documents"),
            lambda user: Document.objects.filter(owner=user, archived_at__isnull=True),
            services.hand_over_documents,
            order=35,
        )
    )
