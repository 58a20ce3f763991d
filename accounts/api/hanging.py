"""POST /{records}/{id}/activities: what happens, or is planned, on a record of a higher room."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.serializers import Seen
from accounts.models import Activity, Contact
from revops.core.api.serializers import OutSerializer, StrictSerializer


class RecordActivityIn(StrictSerializer):
    """With `due_at` it is planned; without, it happened at `happened_at` or now."""

    kind = serializers.ChoiceField(choices=Activity.Kind.choices)
    subject = serializers.CharField(max_length=200)
    body = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    contact = Seen(Contact, required=False, allow_null=True)
    due_at = serializers.DateTimeField(required=False)
    happened_at = serializers.DateTimeField(required=False)
    minutes = serializers.IntegerField(required=False, min_value=0, max_value=1440)
    outcome = serializers.CharField(max_length=200, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "due_at" in attrs and {"happened_at", "minutes", "outcome"} & set(attrs):
            raise serializers.ValidationError({"due_at": "A planned activity has not happened yet."})
        return attrs


class RecordActivity(OutSerializer):
    """The activity as it stands on the timelines of the record, its account and its contact."""

    class Meta:
        model = Activity
        fields = ["id", "kind", "status", "subject", "body", "account", "contact", "owner", "due_at", "happened_at"]


class ActivitiesMixin:
    """Of a resource whose records activities hang on. Its `rights` name who may: whoever sees such records."""

    @extend_schema(request=RecordActivityIn, responses={201: RecordActivity})
    @action(detail=True, methods=["post"])
    def activities(self: Any, request: Request, pk: str) -> Response:
        """Log what happened, or plan what comes next."""
        record, data = self.record(pk), self.read(RecordActivityIn)
        service: Any = services.plan_on if "due_at" in data else services.log_on
        made = service(record=record, actor=request.user, **data)
        return Response(RecordActivity(made).data, status=201)
