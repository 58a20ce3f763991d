"""Documents on this room's records."""

from django.db import models

from accounts.models import DocumentLink, linked_once
from postsales.models.cases import SupportCase


class CaseDocument(DocumentLink):
    """A document of a case."""

    record = models.ForeignKey(SupportCase, on_delete=models.PROTECT, related_name="document_links")

    class Meta:
        constraints = [linked_once("case_document_once")]
