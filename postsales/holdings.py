"""What somebody holds in this room who leaves."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from postsales import services
from postsales.models import SupportCase
from revops.core.registries import Holding, hand_over


def register() -> None:
    """Called once, when the app is ready."""
    hand_over.register(
        Holding(
            "cases",
            _("Cases"),
            lambda user: SupportCase.objects.unsolved().filter(owner=user),
            services.hand_over_cases,
            order=50,
            url=lambda user: f"{reverse('case-list')}?owner={user.pk}",
        )
    )
