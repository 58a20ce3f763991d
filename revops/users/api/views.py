"""People and teams, to read; and the farewell."""

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from revops.core.api.views import ResourceViewSet, job_accepted
from revops.core.scope import require
from revops.users import services
from revops.users.api.offboarding import Holdings, JobStarted, OffboardIn
from revops.users.api.serializers import TeamOut, UserOut
from revops.users.filters import TeamFilter, UserFilter
from revops.users.selectors import team_list, user_list
from revops.users.selectors.holdings import holdings_of


class UserViewSet(ResourceViewSet):
    """Colleagues."""

    resource = "users"
    selector = staticmethod(user_list)
    out = UserOut
    filterset_class = UserFilter
    rights = {"holdings": "users.change_user", "offboard": "users.change_user"}
    sort_fields = {"id": "id", "username": "username", "last_name": "last_name"}

    @extend_schema(responses=UserOut)
    @action(detail=False, methods=["get"])
    def me(self, request: Request) -> Response:
        """The caller."""
        return self.answer(self.record(request.user.pk))

    @extend_schema(responses=Holdings)
    @action(detail=True, methods=["get"])
    def holdings(self, request: Request, pk: str) -> Response:
        """What a person holds, by kind."""
        require(request.user, "users.change_user")
        return Response(Holdings({"results": holdings_of(self.record(pk))}).data)

    @extend_schema(request=OffboardIn, responses={202: JobStarted})
    @action(detail=True, methods=["post"])
    def offboard(self, request: Request, pk: str) -> Response:
        """Hand everything over and deactivate the person, as a job. Closed deals, credit and pay stay theirs."""
        require(request.user, "users.change_user")
        user = self.record(pk)
        values = self.read(OffboardIn)
        run = services.start_offboarding(
            user=user,
            to=values.get("to"),
            others=values.get("others"),
            version=self.shown_version(request),
            actor=request.user,
        )
        return job_accepted(run.job)  # type: ignore[arg-type]


class TeamViewSet(ResourceViewSet):
    """Teams as they stand today."""

    resource = "teams"
    selector = staticmethod(team_list)
    out = TeamOut
    filterset_class = TeamFilter
    sort_fields = {"id": "id", "name": "name"}
    default_sort = "name"
