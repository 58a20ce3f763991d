"""What sharing adds to the pages of records."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from revops.core.registries import Panel, panels


def share_panel(kind: str, page: str = "") -> None:
    """Put "Shared with" on the record page of a kind ("leads.lead")."""
    panels.register(
        Panel(
            f"users.access.{kind}",
            page or kind,
            _("Shared with"),
            url=lambda record: reverse("record-access", args=[kind, record.pk]),
            order=90,
            icon="share",
        )
    )
