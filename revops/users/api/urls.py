from rest_framework.routers import SimpleRouter

from revops.users.api.views import TeamViewSet, UserViewSet

router = SimpleRouter(trailing_slash=False)
router.register("users", UserViewSet, basename="api-users")
router.register("teams", TeamViewSet, basename="api-teams")

urlpatterns = router.urls
