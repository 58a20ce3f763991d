"""Resources of forecasting."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from forecasting.api.compensation import CalculateViewSet, LedgerViewSet, PlanViewSet, StatementViewSet
from forecasting.api.forecasts import ForecastViewSet, SnapshotViewSet
from forecasting.api.goals import GoalViewSet
from forecasting.api.quotas import PeriodViewSet, QuotaViewSet
from forecasting.api.sales import SalesViewSet

router = SimpleRouter(trailing_slash=False)
router.register("forecasts", ForecastViewSet, basename="api-forecast")
router.register("snapshots", SnapshotViewSet, basename="api-snapshot")
router.register("periods", PeriodViewSet, basename="api-period")
router.register("quotas", QuotaViewSet, basename="api-quota")
router.register("goals", GoalViewSet, basename="api-goals")
router.register("comp/plans", PlanViewSet, basename="api-comp-plan")
router.register("comp/statements", StatementViewSet, basename="api-comp-statement")
router.register("comp/ledger", LedgerViewSet, basename="api-comp-ledger")

urlpatterns = [
    *router.urls,
    path("analytics/sales", SalesViewSet.as_view({"get": "list"}), name="api-sales"),
    path("comp/calculate", CalculateViewSet.as_view({"post": "create"}), name="api-comp-calculate"),
]
