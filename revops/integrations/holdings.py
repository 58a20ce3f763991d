"""What somebody holds in this room who leaves."""

from django.utils.translation import gettext_lazy as _

from revops.core.registries import Holding, hand_over
from revops.integrations import services
from revops.integrations.models import Webhook
from revops.users.registries import NoticeKind, notice_kinds


def register() -> None:
    """Called once, when the app is ready; and what its people hear of."""
    notice_kinds.register(NoticeKind("import.done", _("An import of mine is finished"), icon="upload", order=20))
    hand_over.register(
        Holding(
            "webhooks",
            _("Webhooks"),
            lambda user: Webhook.objects.alive().filter(owner=user),
            services.hand_over_webhooks,
            order=60,
        )
    )
