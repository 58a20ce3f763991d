"""Where documents hang: each room names its records that take documents, with the table that links them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import DocumentLink
from revops.core.errors import BadRequest
from revops.core.registries import Panel, Registry, ScopeSource, panels, scope_sources

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Shelf:
    """A kind of record that takes documents. `link` has a foreign key `record` to `model`, which has `visible_to`."""

    key: str
    label: StrOrPromise
    model: type[Any]
    link: type[DocumentLink]
    permission: str  # who may hang something on such a record
    order: int = 100


shelves: Registry[Shelf] = Registry("shelves")


def register_shelf(shelf: Shelf) -> None:
    """The shelf, its panel on the record's page, and the right to read that comes with the record."""
    shelves.register(shelf)
    label = shelf.model._meta.label_lower
    scope_sources.register(ScopeSource(f"documents.{shelf.key}", "accounts.document", _readable(shelf)))
    panels.register(
        Panel(
            f"documents.{shelf.key}",
            label,
            _("Documents"),
            lambda record: f"{reverse('document-list')}?about={shelf.key}:{record.pk}",
            order=80,
            permission="accounts.view_document",
            icon="paperclip",
        )
    )


def _readable(shelf: Shelf) -> Callable[[Any], QuerySet[Any]]:
    def ids(user: Any) -> QuerySet[Any]:
        seen = shelf.model.objects.visible_to(user).values("pk")
        links: Any = shelf.link._default_manager
        return links.filter(record__in=seen).values("document_id")

    return ids


def shelf_of(text: str) -> tuple[Shelf, str]:
    """`lead:12` -> the shelf and the record's key. Raises BadRequest for anything else."""
    key, _colon, number = text.partition(":")
    shelf = shelves.get(key)
    if shelf is None or not number.isascii() or not number.isdigit() or len(number) > 18:
        raise BadRequest(
            "unknown_record", gettext("“%(text)s” names no kind of record that takes documents.") % {"text": text[:60]}
        )
    return shelf, number


def record_of(text: str, viewer: Any) -> tuple[Shelf, Model]:
    """`lead:12` -> the shelf and the record, within the viewer's scope; else 404."""
    shelf, number = shelf_of(text)
    return shelf, get_object_or_404(shelf.model.objects.visible_to(viewer), pk=number)
