"""Routes to market over the API."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.serializers import OwnerOut, ReasonIn, Seen
from accounts.filters_channels import ChannelFilter
from accounts.models import Channel
from accounts.selectors.channels import channel_list
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.writes import BulkMixin
from revops.users.models import User


class ChannelOut(OutSerializer):
    """A channel, and how many accounts the caller sees on it."""

    account_count = serializers.IntegerField(read_only=True, default=0)

    class Meta:
        model = Channel
        fields = ["id", "name", "kind", "owner", "note", "account_count", "archived_at", "created_at", "version"]
        expandable = {"owner": OwnerOut}


class ChannelIn(StrictSerializer):
    """A channel to make or change."""

    name = serializers.CharField(max_length=80)
    kind = serializers.ChoiceField(choices=Channel.Kind.choices, required=False)
    owner = Seen(User, required=False, allow_null=True)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class ChannelViewSet(BulkMixin):
    """Routes to market: our own sales, partners, shops."""

    resource = "channels"
    selector = staticmethod(channel_list)
    out = ChannelOut
    create_in = change_in = ChannelIn
    filterset_class = ChannelFilter
    rights = {
        "create": "accounts.add_channel",
        **dict.fromkeys(("partial_update", "archive", "restore"), "accounts.change_channel"),
    }
    sort_fields = {"id": "id", "name": "name"}
    default_sort = "name"

    def create(self, request: Request) -> Response:
        """Add a channel."""
        return self.again(services.create_channel(actor=request.user, **self.read(ChannelIn)), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is said of it."""
        channel, version = self.record(pk), self.shown_version(request)
        given = self.read(ChannelIn, partial=True)
        return self.again(services.update_channel(channel=channel, version=version, actor=request.user, **given))

    @extend_schema(request=ReasonIn, responses=ChannelOut)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """No account is put on it any more."""
        channel, version = self.record(pk), self.shown_version(request)
        said = self.read(ReasonIn)
        return self.again(services.archive_channel(channel=channel, version=version, actor=request.user, **said))

    @extend_schema(request=None, responses=ChannelOut)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring it back."""
        channel, version = self.record(pk), self.shown_version(request)
        return self.again(services.restore_channel(channel=channel, version=version, actor=request.user))
