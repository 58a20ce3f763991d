"""Competitors, sources and market facts as lists and the API show them."""

from typing import Any

from django.db.models import QuerySet

from leads.models import Competitor, DataSource, MarketFact


def competitor_list(*, viewer: Any) -> QuerySet[Competitor]:
    """Competitors by name."""
    return Competitor.objects.visible_to(viewer)


def source_list(*, viewer: Any) -> QuerySet[DataSource]:
    """Sources by name."""
    return DataSource.objects.visible_to(viewer)


def fact_list(*, viewer: Any) -> QuerySet[MarketFact]:
    """Market facts with source and competitor."""
    return MarketFact.objects.visible_to(viewer).select_related("source", "competitor")


def latest_facts(*, viewer: Any, metric: str) -> QuerySet[MarketFact]:
    """The newest figure of a metric for each place and competitor: what shares of a market are held against."""
    rows = fact_list(viewer=viewer).filter(metric__iexact=metric)
    return rows.order_by("geography", "competitor_id", "-as_of", "-pk").distinct("geography", "competitor_id")
