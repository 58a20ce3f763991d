"""What the API takes and shows of webhooks."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.integrations.models import Webhook, WebhookAttempt, WebhookMessage
from revops.integrations.services.webhooks import KEPT_HOURS, MOST_HOURS


class WebhookOut(OutSerializer):
    """A webhook. Its secret is never in here."""

    class Meta:
        model = Webhook
        fields = [
            "id", "name", "url", "events", "filter", "owner", "created_by", "state", "failing_since", "disabled_at",
            "disabled_reason", "previous_until", "archived_at", "created_at", "updated_at", "version",
        ]  # fmt: skip


class WebhookMadeOut(WebhookOut):
    """The webhook with its new secret: shown in this one answer, null when the answer is replayed."""

    secret = serializers.SerializerMethodField()

    class Meta(WebhookOut.Meta):
        fields = [*WebhookOut.Meta.fields, "secret"]

    @extend_schema_field({"type": "string", "nullable": True, "example": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"})
    def get_secret(self, webhook: Webhook) -> None:
        """Put in when the answer is written out, so that nothing on the way keeps it."""
        return


class EventOut(serializers.Serializer):  # type: ignore[type-arg]
    """An event that a webhook may hear of, and the fields of its data."""

    name = serializers.CharField()
    meaning = serializers.CharField()
    fields_of_data = serializers.DictField(child=serializers.CharField())


class WebhookIn(StrictSerializer):
    """Where to and what about. `filter` names fields of the data and what they must equal."""

    name = serializers.CharField(max_length=80)
    url = serializers.CharField(max_length=500)
    events = serializers.ListField(child=serializers.CharField(max_length=60), allow_empty=False, max_length=200)
    filter = serializers.DictField(required=False)


class RotateIn(StrictSerializer):
    """How many hours the old secret goes on signing."""

    keep_hours = serializers.IntegerField(required=False, default=KEPT_HOURS, min_value=0, max_value=MOST_HOURS)


class ReplayIn(StrictSerializer):
    """Either one delivery, or all that failed since a moment."""

    delivery = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    since = serializers.DateTimeField(required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """One of the two."""
        if len(given) != 1:
            raise serializers.ValidationError("Send either delivery or since.")
        return given


class ReplayedOut(serializers.Serializer):  # type: ignore[type-arg]
    """How many go again."""

    count = serializers.IntegerField()


class DeliveryOut(OutSerializer):
    """A message, and how far it is. `message_id` is what the header webhook-id says."""

    type = serializers.CharField(source="name")

    class Meta:
        model = WebhookMessage
        fields = [
            "id", "message_id", "type", "state", "tries", "next_try_at", "done_at", "last_error", "created_at",
        ]  # fmt: skip


class AttemptOut(OutSerializer):
    """One try."""

    class Meta:
        model = WebhookAttempt
        fields = ["id", "at", "status", "milliseconds", "error", "answer"]


class DeliveryDetailOut(DeliveryOut):
    """A message with its body and every try."""

    body = serializers.SerializerMethodField()
    attempts = AttemptOut(many=True)

    class Meta(DeliveryOut.Meta):
        fields = [*DeliveryOut.Meta.fields, "body", "attempts"]

    def get_body(self, message: WebhookMessage) -> dict[str, Any]:
        """As it is sent."""
        return dict(json.loads(message.body))
