"""Documents on this room's records."""

from django.db import models

from accounts.models import DocumentLink, linked_once
from leads.models.lead import Lead


class LeadDocument(DocumentLink):
    """A document of a lead."""

    record = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="document_links")

    class Meta:
        constraints = [linked_once("lead_document_once")]
