"""People and teams, to read."""

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from revops.core.api.views import ResourceViewSet
from revops.users.api.serializers import TeamOut, UserOut
from revops.users.filters import TeamFilter, UserFilter
from revops.users.selectors import team_list, user_list


class UserViewSet(ResourceViewSet):
    """Colleagues."""

    resource = "users"
    selector = staticmethod(user_list)
    out = UserOut
    filterset_class = UserFilter
    sort_fields = {"id": "id", "username": "username", "last_name": "last_name"}

    @extend_schema(responses=UserOut)
    @action(detail=False, methods=["get"])
    def me(self, request: Request) -> Response:
        """The caller."""
        return self.answer(self.record(request.user.pk))


class TeamViewSet(ResourceViewSet):
    """Teams as they stand today."""

    resource = "teams"
    selector = staticmethod(team_list)
    out = TeamOut
    filterset_class = TeamFilter
    sort_fields = {"id": "id", "name": "name"}
    default_sort = "name"
