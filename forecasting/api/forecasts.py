"""GET /forecasts?period=2026-Q4&as_of=…: the table of the forecast page; /snapshots: the nightly rows."""

from datetime import date
from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from forecasting.models.forecast import PipelineSnapshot
from forecasting.selectors import forecast as selectors
from forecasting.selectors.targets import quota_by_user
from forecasting.views.asked import asked
from revops.core.api.filters import StrictFilterSet
from revops.core.api.serializers import OutSerializer
from revops.core.api.views import ApiView, ResourceViewSet
from revops.core.money import Money

COLUMNS = (
    selectors.CLOSED,
    selectors.COMMIT,
    selectors.BEST,
    selectors.PIPELINE,
    selectors.OVERDUE,
    selectors.NO_DATE,
)


class MoneyShape(serializers.Serializer):  # type: ignore[type-arg]
    """Documents a money object."""

    amount = serializers.CharField()
    currency = serializers.CharField()


class ForecastLineOut(serializers.Serializer):  # type: ignore[type-arg]
    """One person's, one team's or the whole line."""

    id = serializers.IntegerField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]
    quota = MoneyShape(allow_null=True)
    weighted = MoneyShape()
    figures = serializers.DictField(child=MoneyShape())
    counts = serializers.DictField(child=serializers.IntegerField())


class ForecastTeamOut(ForecastLineOut):
    """A team with its people."""

    people = ForecastLineOut(many=True)


class ForecastOut(serializers.Serializer):  # type: ignore[type-arg]
    """The table: teams with their people, and the total."""

    period = serializers.CharField()
    first_on = serializers.DateField()
    last_on = serializers.DateField()
    as_of = serializers.DateField()
    total = ForecastLineOut()
    teams = ForecastTeamOut(many=True)


def _line(line: selectors.Line, base: str) -> dict[str, Any]:
    return {
        "id": line.key,
        "label": line.label,
        "quota": Money(line.quota, base).as_json() if line.quota is not None else None,
        "weighted": Money(line.weighted, base).as_json(),
        "figures": {name: Money(line.column(name), base).as_json() for name in COLUMNS},
        "counts": {name: line.count(name) for name in COLUMNS},
    }


class ForecastViewSet(ApiView):
    """The forecast as the page shows it."""

    resource = "forecasts"
    serializer_class = ForecastOut

    @extend_schema(
        parameters=[
            OpenApiParameter("period", str, description="2026-11, 2026-Q4, 2026"),
            OpenApiParameter("as_of", date),
        ],
        responses=ForecastOut,
    )
    def list(self, request: Request) -> Response:
        """The table for what the caller may see."""
        ask = asked(request._request, default="quarter", known=frozenset({"format"}))
        quotas = quota_by_user(viewer=request.user, span=ask.span)
        table = selectors.forecast(viewer=request.user, span=ask.span, as_of=ask.as_of, quotas=quotas)
        base = table.currency
        teams = [
            {**_line(block.total, base), "people": [_line(line, base) for line in block.people]}
            for block in table.teams
        ]
        body = {"period": ask.span.label, "first_on": ask.span.first, "last_on": ask.span.last, "as_of": ask.as_of}
        return Response({**body, "total": _line(table.total, base), "teams": teams})


class SnapshotOut(OutSerializer):
    """One opportunity as it stood on a day."""

    class Meta:
        model = PipelineSnapshot
        fields = [
            "id", "on", "opportunity", "owner", "stage", "status", "category", "amount", "currency", "base_amount",
            "probability", "close_on",
        ]  # fmt: skip


class SnapshotFilter(StrictFilterSet):
    """By day, opportunity, owner or category."""

    on__gte = django_filters.DateFilter("on", "gte")
    on__lte = django_filters.DateFilter("on", "lte")

    class Meta:
        model = PipelineSnapshot
        fields = ["on", "opportunity", "owner", "category"]


def snapshot_list(*, viewer: Any) -> QuerySet[PipelineSnapshot]:
    """Snapshots of the deals that the viewer sees."""
    return PipelineSnapshot.objects.visible_to(viewer)


class SnapshotViewSet(ResourceViewSet):
    """Nightly rows, immutable."""

    resource = "snapshots"
    selector = staticmethod(snapshot_list)
    filterset_class = SnapshotFilter
    out = SnapshotOut
    sort_fields = {"id": "id", "on": "on"}
