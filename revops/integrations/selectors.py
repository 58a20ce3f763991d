"""Reads of this room."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from revops.core.errors import InvalidInput
from revops.core.registries import DayItem
from revops.core.scope import require
from revops.integrations.models import (
    ImportRow,
    ImportRun,
    SystemChangeRequest,
    Webhook,
    WebhookAttempt,
    WebhookMessage,
)
from revops.integrations.offers import closed_names
from revops.integrations.registries import Importer, importers


def import_list(*, viewer: Any) -> QuerySet[ImportRun]:
    """Imports as the list page and the API show them."""
    return ImportRun.objects.visible_to(viewer).select_related("created_by", "job")


def importers_for(viewer: Any) -> list[Importer]:
    """What this person may import."""
    return [importer for importer in importers.all() if viewer.has_perm(importer.permission)]


def rows_of(run: ImportRun, verdict: str = "") -> QuerySet[ImportRow]:
    """Staged rows in the file's order: of one verdict, or what was kept at an undo."""
    rows = ImportRow.objects.filter(run=run).order_by("number")
    if verdict == "kept":
        return rows.filter(outcome="kept")
    return rows.filter(verdict=verdict) if verdict else rows


def change_list(*, viewer: Any) -> QuerySet[SystemChangeRequest]:
    """Change requests as the list page and the API show them."""
    return SystemChangeRequest.objects.visible_to(viewer).select_related("created_by", "sponsor", "approved_by")


def benefits_to_measure(user: Any, on: date) -> Sequence[DayItem]:
    """90 days after a change: its sponsor and who asked for it say what it brought."""
    due = SystemChangeRequest.objects.visible_to(user).to_be_measured(on)
    return [
        DayItem(
            kind=str(_("Change request")),
            title=str(_("Measure the benefit of “%(title)s”") % {"title": request.title}),
            sub=str(_("Expected: %(benefit)s") % {"benefit": request.expected_benefit}),
            url=request.get_absolute_url(),
            rank=60,
            icon="ruler-measure",
        )
        for request in due.filter(sponsor=user) | due.filter(created_by=user)
    ]


def importer_for(kind: str, actor: Any) -> Importer:
    """The importer, if this person may use it."""
    importer = importers.get(kind)
    if importer is None:
        raise InvalidInput.of(kind=_("There is nothing of this kind to import."))
    require(actor, importer.permission, _("Your role does not include importing these."))
    return importer


def importer_of(run: ImportRun) -> Importer:
    """What knows the kind of record that a file holds."""
    importer = importers.get(run.kind)
    if importer is None:
        raise LookupError(run.kind)
    return importer


def rows_to_write(run: ImportRun) -> Any:
    """Rows that the plan creates or updates, in the order of the file."""
    return ImportRow.objects.filter(run=run, verdict__in=["create", "update"]).order_by("number")


# Webhooks ---------------------------------------------------------------------------------


def webhook_list(*, viewer: Any) -> QuerySet[Webhook]:
    """Webhooks as the list page and the API show them; only for people who may have some."""
    rows = Webhook.objects.visible_to(viewer).select_related("owner", "created_by")
    return rows if viewer.has_perm("integrations.manage_webhooks") else rows.none()


def message_list(*, viewer: Any, webhook: Webhook | None = None) -> QuerySet[WebhookMessage]:
    """What was sent or waits, newest first. What concerns pay is listed only for those who may see pay."""
    rows = WebhookMessage.objects.visible_to(viewer).exclude(name__in=closed_names(viewer))
    rows = rows.filter(webhook=webhook) if webhook is not None else rows
    return rows.select_related("webhook") if viewer.has_perm("integrations.manage_webhooks") else rows.none()


def attempts_of(message: WebhookMessage) -> QuerySet[WebhookAttempt]:
    """Every try, newest first."""
    return WebhookAttempt.objects.filter(message=message).order_by("-pk")


def disabled_webhooks(user: Any, on: date) -> Sequence[DayItem]:
    """Webhooks that were disabled wait for their owner."""
    disabled = Webhook.objects.visible_to(user).alive().filter(owner=user, state=Webhook.State.DISABLED)
    return [
        DayItem(
            kind=str(_("Webhook")),
            title=str(_("“%(name)s” is disabled") % {"name": webhook.name}),
            sub=webhook.disabled_reason,
            url=webhook.get_absolute_url(),
            due_at=webhook.disabled_at,
            rank=30,
            icon="webhook",
        )
        for webhook in disabled
    ]
