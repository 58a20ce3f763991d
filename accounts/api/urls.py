from rest_framework.routers import SimpleRouter

from accounts.api.captured import CapturedViewSet
from accounts.api.channels import ChannelViewSet
from accounts.api.documents import DocumentViewSet
from accounts.api.territories import (
    TerritoryChangeViewSet,
    TerritoryModelViewSet,
    TerritoryRuleViewSet,
    TerritoryViewSet,
)
from accounts.api.views import AccountViewSet, ActivityViewSet, ContactViewSet, TaskViewSet

router = SimpleRouter(trailing_slash=False)
router.register("accounts", AccountViewSet, basename="api-accounts")
router.register("contacts", ContactViewSet, basename="api-contacts")
router.register("activities", ActivityViewSet, basename="api-activities")
router.register("tasks", TaskViewSet, basename="api-tasks")
router.register("channels", ChannelViewSet, basename="api-channels")
router.register("documents", DocumentViewSet, basename="api-documents")
router.register("territories", TerritoryViewSet, basename="api-territories")
router.register("territory-models", TerritoryModelViewSet, basename="api-territory-models")
router.register("territory-rules", TerritoryRuleViewSet, basename="api-territory-rules")
router.register("territory-changes", TerritoryChangeViewSet, basename="api-territory-changes")
router.register("captured-participants", CapturedViewSet, basename="api-captured")

urlpatterns = router.urls
