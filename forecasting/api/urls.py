"""Resources of forecasting."""

from rest_framework.routers import SimpleRouter

from forecasting.api.forecasts import ForecastViewSet, SnapshotViewSet

router = SimpleRouter(trailing_slash=False)
router.register("forecasts", ForecastViewSet, basename="api-forecast")
router.register("snapshots", SnapshotViewSet, basename="api-snapshot")

urlpatterns = router.urls
