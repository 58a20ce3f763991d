"""Who took part and is no contact yet."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.filters import CapturedFilter
from accounts.models import CapturedParticipant
from accounts.selectors.completeness import captured_list
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.views import ResourceViewSet


class CapturedOut(OutSerializer):
    """Somebody in a logged mail or meeting whom nobody knows yet."""

    class Meta:
        model = CapturedParticipant
        fields = ["id", "email", "state", "account", "activity", "contact", "decided_at", "created_at", "version"]


class ConfirmIn(StrictSerializer):
    """Who it is."""

    last_name = serializers.CharField(max_length=80)
    first_name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    title = serializers.CharField(max_length=120, required=False, allow_blank=True)


class CapturedViewSet(ResourceViewSet):
    """Participants to confirm."""

    resource = "captured-participants"
    rights = {"confirm": "accounts.add_contact", "dismiss": "accounts.add_contact"}
    selector = staticmethod(captured_list)
    out = CapturedOut
    filterset_class = CapturedFilter
    sort_fields = {"id": "id"}

    @extend_schema(request=ConfirmIn, responses=CapturedOut)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """Make the contact."""
        row = self.record(pk)
        version = self.shown_version(request)
        services.confirm_participant(participant=row, version=version, actor=request.user, **self.read(ConfirmIn))
        return self.again(row)

    @extend_schema(request=None, responses=CapturedOut)
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, pk: str) -> Response:
        """Not needed."""
        row = self.record(pk)
        services.dismiss_participant(participant=row, version=self.shown_version(request), actor=request.user)
        return self.again(row)
