from rest_framework.routers import SimpleRouter

from accounts.api.captured import CapturedViewSet
from accounts.api.documents import DocumentViewSet
from accounts.api.territories import TerritoryViewSet
from accounts.api.views import AccountViewSet, ActivityViewSet, ContactViewSet, TaskViewSet

router = SimpleRouter(trailing_slash=False)
router.register("accounts", AccountViewSet, basename="api-accounts")
router.register("contacts", ContactViewSet, basename="api-contacts")
router.register("activities", ActivityViewSet, basename="api-activities")
router.register("tasks", TaskViewSet, basename="api-tasks")
router.register("documents", DocumentViewSet, basename="api-documents")
router.register("territories", TerritoryViewSet, basename="api-territories")
router.register("captured-participants", CapturedViewSet, basename="api-captured")

urlpatterns = router.urls
