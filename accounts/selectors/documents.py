"""Documents as lists and the API show them."""

import re
from typing import Any

from django.contrib.postgres.search import SearchHeadline, SearchQuery
from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery

from accounts.models import Document, DocumentText, DocumentVersion

WORD = re.compile(r"\w+")


def document_list(*, viewer: Any) -> QuerySet[Document]:
    """Documents with their owner and their newest version."""
    newest = DocumentVersion.objects.filter(is_newest=True)
    rows = Document.objects.visible_to(viewer).select_related("owner")
    return rows.prefetch_related(Prefetch("versions", queryset=newest, to_attr="newest_versions"))


def same_file(*, document: Document, viewer: Any) -> QuerySet[Document]:
    """Other documents that this person sees and whose newest file is the same, byte for byte."""
    rows = Document.objects.visible_to(viewer).active().exclude(pk=document.pk)
    return rows.filter(versions__is_newest=True, versions__sha256=document.newest.sha256).order_by("pk")


def found_in_documents(rows: QuerySet[Document], text: str) -> QuerySet[Document]:
    """Of these, the ones whose title or newest file's name holds the text, or whose newest file says all its words;
    `snippet` is the place where it says them. Only the newest file counts: an older one is superseded.
    """
    named = DocumentVersion.objects.filter(is_newest=True, name__icontains=text).values("document_id")
    found = Q(title__icontains=text) | Q(pk__in=named)
    words = WORD.findall(text)
    if not words:
        return rows.filter(found)
    # Each word may go on: "contr" finds "contract".
    query = SearchQuery(" & ".join(f"'{word}':*" for word in words), config="simple", search_type="raw")
    texts = DocumentText.objects.filter(version__is_newest=True, vector=query)
    place = SearchHeadline("text", query, config="simple", start_sel="", stop_sel="", max_words=24, min_words=12)
    own = texts.filter(version__document=OuterRef("pk")).values(place=place)[:1]
    return rows.filter(found | Q(pk__in=texts.values("version__document"))).annotate(snippet=Subquery(own))
