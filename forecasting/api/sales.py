"""GET /analytics/sales?measure=revenue&by=month,region&from=…&to=…: the table of the sales page."""

from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from forecasting.selectors import sales as selectors
from forecasting.views.sales import DIMENSIONS, MEASURES, asked_sales, key_text
from revops.core.api.views import ApiView
from revops.core.organisation import organisation

MOST_GROUPS = 2000


class SalesGroupOut(serializers.Serializer):  # type: ignore[type-arg]
    """One row: its keys ("" is not given), what it adds up to, and how many order lines stand behind it."""

    keys = serializers.DictField(child=serializers.CharField(allow_blank=True))
    value = serializers.CharField()
    lines = serializers.IntegerField()


class SalesOut(serializers.Serializer):  # type: ignore[type-arg]
    """The table. `currency` is null for units; groups beyond 2,000 stand in `rest`, so that all add up to `total`."""

    measure = serializers.ChoiceField(choices=list(MEASURES))
    by = serializers.ListField(child=serializers.CharField())
    first_on = serializers.DateField()
    last_on = serializers.DateField()
    currency = serializers.CharField(allow_null=True)
    total = serializers.CharField()
    lines = serializers.IntegerField()
    groups = SalesGroupOut(many=True)
    rest = serializers.CharField()


class SalesViewSet(ApiView):
    """Sales as the page shows them: whole booked orders that the caller sees, in the base currency."""

    resource = "orders"
    serializer_class = SalesOut

    @extend_schema(
        parameters=[
            OpenApiParameter("measure", str, enum=list(MEASURES), description="revenue when left out"),
            OpenApiParameter("by", str, description=f"one or two of {', '.join(DIMENSIONS)}; month when left out"),
            OpenApiParameter("from", date, description="first day of booking; else the fiscal year"),
            OpenApiParameter("to", date, description="last day of booking; else the fiscal year"),
        ],
        responses=SalesOut,
    )
    def list(self, request: Request) -> Response:
        """One measure by one or two dimensions."""
        if not request.user.has_perm("orders.view_order"):
            raise PermissionDenied
        ask = asked_sales(request.query_params, frozenset({"format"}))
        table = selectors.sales(viewer=request.user, first=ask.first, last=ask.last, measure=ask.measure, by=ask.by)
        shown = table.groups[:MOST_GROUPS]
        groups: list[dict[str, Any]] = [
            {
                "keys": {name: key_text(name, key) for name, key in zip(ask.by, group.keys, strict=True)},
                "value": f"{group.value:f}",
                "lines": group.lines,
            }
            for group in shown
        ]
        rest = table.total - sum(group.value for group in shown)
        body = {
            "measure": ask.measure, "by": list(ask.by), "first_on": ask.first, "last_on": ask.last,
            "currency": None if ask.measure == selectors.UNITS else organisation().base_currency,
            "total": f"{table.total:f}", "lines": table.lines, "groups": groups, "rest": f"{rest:f}",
        }  # fmt: skip
        return Response(body)
