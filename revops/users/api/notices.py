"""What the caller was told."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Model
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from revops.core.api.serializers import OutSerializer
from revops.core.api.views import ResourceViewSet
from revops.users import services
from revops.users.filters import NotificationFilter
from revops.users.models import Notification
from revops.users.selectors import notification_list
from revops.users.selectors.notices import Notice, readable


class NotificationOut(OutSerializer):
    """One thing that the caller was told; its words are left out where the record is out of sight by now."""

    title = serializers.SerializerMethodField()
    body = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    class Meta:
        model = Notification
        fields = ["id", "kind", "title", "body", "url", "read_at", "created_at"]

    def _notice(self, row: Notification) -> Notice:
        notice: Notice = self.context["notices"][row.pk]
        return notice

    def get_title(self, row: Notification) -> str:
        """One line."""
        return self._notice(row).title

    def get_body(self, row: Notification) -> str:
        """More, if there is more to say."""
        return self._notice(row).body

    def get_url(self, row: Notification) -> str:
        """The page of what it is about."""
        return self._notice(row).url


class AllRead(serializers.Serializer[Any]):
    """How many were unread."""

    read = serializers.IntegerField()


class NotificationViewSet(ResourceViewSet):
    """What the caller was told."""

    resource = "notifications"
    rights = {"mark_read": None, "read_all": None}
    selector = staticmethod(notification_list)
    out = NotificationOut
    filterset_class = NotificationFilter
    sort_fields = {"id": "id", "created_at": "id"}

    def _context(self, rows: Sequence[Model], shape: Any) -> dict[str, Any]:
        told = readable(list(rows), self.request.user)  # type: ignore[arg-type]
        return {**super()._context(rows, shape), "notices": {notice.row.pk: notice for notice in told}}

    @extend_schema(request=None, responses=NotificationOut)
    @action(detail=True, methods=["post"], url_path="read")
    def mark_read(self, request: Request, pk: str) -> Response:
        """Mark one as read; twice does no harm."""
        row = services.read_notification(notification=self.record(pk), actor=request.user)
        return self.again(row)

    @extend_schema(request=None, responses=AllRead)
    @action(detail=False, methods=["post"], url_path="read-all")
    def read_all(self, request: Request) -> Response:
        """Mark everything as read."""
        return Response({"read": services.read_all_notifications(actor=request.user)})
