from rest_framework.routers import SimpleRouter

from postsales.api.policies import PolicyViewSet
from postsales.api.views import CaseViewSet

router = SimpleRouter(trailing_slash=False)
router.register("cases", CaseViewSet, basename="api-cases")
router.register("sla-policies", PolicyViewSet, basename="api-sla-policies")

urlpatterns = router.urls
