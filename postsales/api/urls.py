from rest_framework.routers import SimpleRouter

from postsales.api.views import CaseViewSet

router = SimpleRouter(trailing_slash=False)
router.register("cases", CaseViewSet, basename="api-cases")

urlpatterns = router.urls
