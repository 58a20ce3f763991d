"""Quotas and periods."""

from collections.abc import Callable
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from forecasting import services
from forecasting.api.compensation import money_of
from forecasting.filters.compensation import PeriodFilter, QuotaFilter
from forecasting.models.periods import FiscalPeriod
from forecasting.models.quotas import Quota
from forecasting.selectors.periods import period_list
from forecasting.selectors.quotas import attainment, quota_list
from revops.core.api.serializers import MoneyField, OutSerializer, StrictSerializer
from revops.core.api.views import ResourceViewSet
from revops.core.api.writes import BulkMixin
from revops.core.errors import InvalidInput
from revops.users.models import User
from revops.users.selectors import team_list


class QuotaOut(OutSerializer):
    amount = money_of("amount")
    period_label = serializers.CharField(source="period.label", read_only=True)

    class Meta:
        model = Quota
        fields = [
            "id",
            "user",
            "team",
            "metric",
            "period",
            "period_label",
            "number",
            "amount",
            "status",
            "approved_by",
            "approved_at",
            "version",
        ]


class QuotaIn(StrictSerializer):
    user = serializers.IntegerField(required=False, allow_null=True)
    team = serializers.IntegerField(required=False, allow_null=True)
    period = serializers.IntegerField()
    amount = MoneyField()


class QuotaChange(StrictSerializer):
    amount = MoneyField()


class AttainmentOut(serializers.Serializer):  # type: ignore[type-arg]
    measured = MoneyField()
    quota = MoneyField()
    percent = serializers.DecimalField(max_digits=9, decimal_places=1, allow_null=True)


class QuotaViewSet(BulkMixin):
    """Quotas: draft, proposed, approved, active, superseded."""

    resource = "quotas"
    selector = staticmethod(quota_list)
    out = QuotaOut
    create_in, change_in = QuotaIn, QuotaChange
    needs_tag = True
    rights = {
        **dict.fromkeys(("create", "partial_update", "propose"), services.quotas.MANAGE),
        **dict.fromkeys(("approve", "activate"), services.quotas.APPROVE),
    }
    filterset_class = QuotaFilter
    sort_fields: ClassVar[dict[str, str]] = {"id": "id", "period": "period__first_on", "amount": "amount"}

    def create(self, request: Request) -> Response:
        """A draft for a person or a team."""
        data = self.read(QuotaIn)
        quota = services.create_quota(
            actor=request.user,
            period=_named(FiscalPeriod.objects.visible_to(request.user), "period", data["period"]),
            amount=data["amount"].amount,
            currency=data["amount"].currency,
            user=_named(User.objects.visible_to(request.user), "user", data.get("user")),
            team=_named(team_list(viewer=request.user), "team", data.get("team")),
        )
        return self.again(quota, 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a draft's amount."""
        quota, data = self.record(pk), self.read(QuotaChange)
        if data["amount"].currency != quota.currency:
            raise InvalidInput.of(amount="The currency of a quota stays.")
        version = self.shown_version(request, required=True)
        changed = services.update_quota(quota=quota, version=version, actor=request.user, amount=data["amount"].amount)
        return self.again(changed)

    @extend_schema(request=None, responses=QuotaOut)
    @action(detail=True, methods=["post"])
    def propose(self, request: Request, pk: str) -> Response:
        """Hand it to those who approve."""
        return self._verb(request, pk, services.propose_quota)

    @extend_schema(request=None, responses=QuotaOut)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Approve it; nobody approves his own."""
        return self._verb(request, pk, services.approve_quota)

    @extend_schema(request=None, responses=QuotaOut)
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, pk: str) -> Response:
        """Put it in force; the edition before is superseded."""
        return self._verb(request, pk, services.activate_quota)

    @extend_schema(request=None, responses=AttainmentOut)
    @action(detail=True, methods=["get"])
    def attainment(self, request: Request, pk: str) -> Response:
        """What was booked against it; the percentage is truncated."""
        found = attainment(self.record(pk))
        return Response(
            {"measured": found.measured.as_json(), "quota": found.quota.as_json(), "percent": _text(found.percent)}
        )

    def _verb(self, request: Request, pk: str, service: Callable[..., Quota]) -> Response:
        quota = self.record(pk)
        version = self.shown_version(request, required=True)
        return self.again(service(quota=quota, version=version, actor=request.user))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _named(rows: Any, field: str, pk: int | None) -> Any:
    if pk is None:
        return None
    found = rows.filter(pk=pk).first()
    if found is None:
        raise InvalidInput.of(**{field: "There is no such record."})
    return found


class PeriodOut(OutSerializer):
    class Meta:
        model = FiscalPeriod
        fields = ["id", "kind", "label", "first_on", "last_on", "status", "version"]


class ReopenPeriodIn(StrictSerializer):
    reason = serializers.CharField(max_length=400)


class PeriodViewSet(ResourceViewSet):
    """The fiscal calendar. Months are reviewed and closed with their commissions."""

    resource = "periods"
    selector = staticmethod(period_list)
    out = PeriodOut
    needs_tag = True
    rights = {
        **dict.fromkeys(("open", "review", "close", "lock"), services.periods.MANAGE),
        "reopen": services.periods.REOPEN,
    }
    filterset_class = PeriodFilter
    sort_fields: ClassVar[dict[str, str]] = {"id": "id", "first_on": "first_on"}
    default_sort = "first_on"

    @extend_schema(request=None, responses=PeriodOut)
    @action(detail=True, methods=["post"])
    def open(self, request: Request, pk: str) -> Response:
        """Open the next future period."""
        return self._verb(request, pk, services.open_period)

    @extend_schema(request=None, responses=PeriodOut)
    @action(detail=True, methods=["post"])
    def review(self, request: Request, pk: str) -> Response:
        """The last calculation, then the figures stand still."""
        return self._verb(request, pk, services.review_period)

    @extend_schema(request=None, responses=PeriodOut)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """Publish the statements that are missing, and close."""
        return self._verb(request, pk, services.close_reviewed_period)

    @extend_schema(request=None, responses=PeriodOut)
    @action(detail=True, methods=["post"])
    def lock(self, request: Request, pk: str) -> Response:
        """Close for good."""
        return self._verb(request, pk, services.lock_period)

    @extend_schema(request=ReopenPeriodIn, responses=PeriodOut)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Take back a close, with the reason."""
        data = self.read(ReopenPeriodIn)
        return self._verb(request, pk, services.reopen_period, reason=data["reason"])

    def _verb(self, request: Request, pk: str, service: Callable[..., FiscalPeriod], **facts: str) -> Response:
        period = self.record(pk)
        version = self.shown_version(request, required=True)
        return self.again(service(period=period, version=version, actor=request.user, **facts))
