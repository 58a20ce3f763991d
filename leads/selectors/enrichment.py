"""Finances of leads, providers and what they were asked."""

from typing import Any

from django.db.models import QuerySet

from leads.models import EnrichmentProvider, EnrichmentRun, Lead, LeadFinancials
from revops.core import clock


def provider_list(*, viewer: Any) -> QuerySet[EnrichmentProvider]:
    """Providers by name."""
    return EnrichmentProvider.objects.visible_to(viewer)


def run_list(*, viewer: Any) -> QuerySet[EnrichmentRun]:
    """What was asked, newest first, about leads in sight."""
    return EnrichmentRun.objects.visible_to(viewer).select_related("lead", "provider", "asked_by").order_by("-pk")


def financials_of(lead: Lead) -> LeadFinancials | None:
    """The finances of a lead whom the caller has found in sight."""
    return LeadFinancials.objects.filter(lead=lead).first()


def state_of(provider: EnrichmentProvider) -> str:
    """Whether it is asked: off, resting (its breaker is open), failing or ready."""
    if not provider.is_active:
        return "off"
    if provider.open_until is not None and provider.open_until > clock.now():
        return "resting"
    return "failing" if provider.failures else "ready"
