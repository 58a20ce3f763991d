"""Documents as lists and the API show them."""

from typing import Any

from django.db.models import Prefetch, QuerySet

from accounts.models import Document, DocumentVersion


def document_list(*, viewer: Any) -> QuerySet[Document]:
    """Documents with their owner and their newest version."""
    newest = DocumentVersion.objects.filter(is_newest=True)
    rows = Document.objects.visible_to(viewer).select_related("owner")
    return rows.prefetch_related(Prefetch("versions", queryset=newest, to_attr="newest_versions"))


def same_file(*, document: Document, viewer: Any) -> QuerySet[Document]:
    """Other documents that this person sees and whose newest file is the same, byte for byte."""
    rows = Document.objects.visible_to(viewer).active().exclude(pk=document.pk)
    return rows.filter(versions__is_newest=True, versions__sha256=document.newest.sha256).order_by("pk")
