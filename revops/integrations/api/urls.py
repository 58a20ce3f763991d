from rest_framework.routers import SimpleRouter

from revops.integrations.api.views import ChangeRequestViewSet, ExportViewSet, ImportViewSet
from revops.integrations.api.webhooks import WebhookViewSet

router = SimpleRouter(trailing_slash=False)
router.register("imports", ImportViewSet, basename="api-imports")
router.register("exports", ExportViewSet, basename="api-exports")
router.register("change-requests", ChangeRequestViewSet, basename="api-change-requests")
router.register("webhooks", WebhookViewSet, basename="api-webhooks")

urlpatterns = router.urls
