"""Core's resources."""

from rest_framework.routers import SimpleRouter

from revops.core.api.jobs import JobViewSet

router = SimpleRouter(trailing_slash=False)
router.register("jobs", JobViewSet, basename="api-job")

urlpatterns = router.urls
