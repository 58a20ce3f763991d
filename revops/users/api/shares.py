"""GET and POST /{resource}/{id}/shares, DELETE /{resource}/{id}/shares/{share}."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from revops.core.api.serializers import StrictSerializer
from revops.users import services
from revops.users.api.offboarding import Colleague
from revops.users.models import RecordShare, Team
from revops.users.selectors.shares import may_share, shares_of


class TeamField(serializers.PrimaryKeyRelatedField):  # type: ignore[type-arg]
    """A team by id; teams are known to every colleague."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("queryset", Team._default_manager.all())
        super().__init__(**kwargs)


class ShareIn(StrictSerializer):
    """With whom: a user or a team."""

    user = Colleague(required=False, allow_null=True)
    team = TeamField(required=False, allow_null=True)
    level = serializers.ChoiceField(choices=RecordShare.Level.choices, required=False)
    until = serializers.DateField(required=False, allow_null=True, help_text="The last day.")
    message = serializers.CharField(max_length=400, required=False, allow_blank=True)


class ShareOut(serializers.Serializer[RecordShare]):
    """A share."""

    id = serializers.IntegerField()
    user = serializers.IntegerField(source="user_id", allow_null=True)
    team = serializers.IntegerField(source="team_id", allow_null=True)
    level = serializers.CharField()
    until = serializers.DateField(allow_null=True)
    message = serializers.CharField()
    created_by = serializers.IntegerField(source="created_by_id")
    created_at = serializers.DateTimeField()


class Shares(serializers.Serializer[Any]):
    """Every share of the record."""

    results = ShareOut(many=True)


class SharesMixin:
    """For a ResourceViewSet whose records can be shared by name."""

    rights: ClassVar[Mapping[str, str | None]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Who may share a record is decided by the record."""
        super().__init_subclass__(**kwargs)
        cls.rights = {"shares": None, "unshare": None, **cls.rights}

    @extend_schema(methods=["GET"], responses=Shares)
    @extend_schema(methods=["POST"], request=ShareIn, responses={201: ShareOut})
    @action(detail=True, methods=["get", "post"])
    def shares(self: Any, request: Request, pk: str) -> Response:
        """Who was given this record by name (read by those who may share it); or give it to somebody."""
        record = self.record(pk)
        if request.method == "POST":
            share = services.share_record(record=record, actor=request.user, **self.read(ShareIn))
            return Response(ShareOut(share).data, status=201)
        mine = may_share(record, request.user)
        rows = [one for one in shares_of(record) if mine or one.user_id == request.user.pk]
        return Response(Shares({"results": rows}).data)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["delete"], url_path=r"shares/(?P<share>\d{1,18})", url_name="share")
    def unshare(self: Any, request: Request, pk: str, share: str) -> Response:
        """End a share at once."""
        found = next((one for one in shares_of(self.record(pk)) if one.pk == int(share)), None)
        if found is None:
            raise Http404
        services.revoke_share(share=found, actor=request.user)
        return Response(status=204)
