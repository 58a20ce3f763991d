"""Documents on this room's records."""

from django.db import models

from accounts.models import DocumentLink, linked_once
from opportunities.models.opportunity import Opportunity
from opportunities.models.quote import Quote


class OpportunityDocument(DocumentLink):
    """A document of an opportunity."""

    record = models.ForeignKey(Opportunity, on_delete=models.PROTECT, related_name="document_links")

    class Meta:
        constraints = [linked_once("opportunity_document_once")]


class QuoteDocument(DocumentLink):
    """A document of a quote."""

    record = models.ForeignKey(Quote, on_delete=models.PROTECT, related_name="document_links")

    class Meta:
        constraints = [linked_once("quote_document_once")]
