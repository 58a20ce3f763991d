"""Core's resources."""

from rest_framework.routers import SimpleRouter

from revops.core.api.jobs import JobViewSet
from revops.core.api.merges import MergeViewSet
from revops.core.api.meta import MetaViewSet

router = SimpleRouter(trailing_slash=False)
router.register("jobs", JobViewSet, basename="api-job")
router.register("merges", MergeViewSet, basename="api-merges")
router.register("meta", MetaViewSet, basename="api-meta")

urlpatterns = router.urls
