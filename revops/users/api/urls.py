from rest_framework.routers import SimpleRouter

from revops.users.api.notices import NotificationViewSet
from revops.users.api.views import TeamViewSet, UserViewSet

router = SimpleRouter(trailing_slash=False)
router.register("users", UserViewSet, basename="api-users")
router.register("teams", TeamViewSet, basename="api-teams")
router.register("notifications", NotificationViewSet, basename="api-notifications")

urlpatterns = router.urls
