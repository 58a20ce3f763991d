"""What the API takes and shows of cases."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Account, Contact
from postsales.models import Priority, SupportCase
from postsales.selectors import Clock
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.custom.api import CustomIn, CustomOut
from revops.users.models import User


class ClockOut(serializers.Serializer):  # type: ignore[type-arg]
    """One target at this moment; times in working minutes."""

    due_at = serializers.DateTimeField(allow_null=True)
    state = serializers.ChoiceField(choices=["running", "soon", "paused", "breached", "met", "missed"])
    allowed_minutes = serializers.SerializerMethodField()
    remaining_minutes = serializers.SerializerMethodField()

    def get_allowed_minutes(self, clock: Clock) -> int:
        """What the policy allows."""
        return int(clock.allowed.total_seconds() // 60)

    def get_remaining_minutes(self, clock: Clock) -> int:
        """What is left; negative when it is late."""
        return int(clock.remaining.total_seconds() // 60)


class SlaOut(serializers.Serializer):  # type: ignore[type-arg]
    """Both targets of a case."""

    response = ClockOut()
    resolution = ClockOut()


class CaseOut(OutSerializer):
    """A case with its clocks."""

    sla = serializers.SerializerMethodField()
    breached = serializers.BooleanField(source="is_breached", read_only=True)

    custom = CustomOut()

    class Meta:
        model = SupportCase
        fields = [
            "id", "number", "account", "contact", "owner", "subject", "description", "channel", "priority", "status",
            "opened_at", "first_replied_at", "resolved_at", "closed_at", "breached", "sla", "custom",
            "created_at", "updated_at",
        ]  # fmt: skip

    @extend_schema_field(SlaOut(allow_null=True))
    def get_sla(self, case: SupportCase) -> dict[str, Any] | None:
        """The clocks at this moment; null when the policy promises nothing for this priority."""
        clocks = self.context["clock_book"]().of(case)
        return SlaOut(clocks).data if clocks else None


class ScopedIn(StrictSerializer):
    """Relations are chosen among what the caller sees."""

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        viewer = getattr(self.context.get("request"), "user", None)
        models: dict[str, Any] = {"contact": Contact, "account": Account, "owner": User}
        for name in models.keys() & fields.keys() if viewer is not None else ():
            fields[name].queryset = models[name].objects.visible_to(viewer)
        return fields


class CasePatch(ScopedIn):
    """What may be corrected of a case."""

    subject = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    channel = serializers.ChoiceField(choices=SupportCase.Channel.choices, required=False)
    contact = serializers.PrimaryKeyRelatedField(queryset=Contact.objects.none(), required=False, allow_null=True)
    custom = CustomIn()


class CaseIn(CasePatch):
    """A new case."""

    account = serializers.PrimaryKeyRelatedField(queryset=Account.objects.none())
    subject = serializers.CharField(max_length=200)
    priority = serializers.ChoiceField(choices=Priority.choices, required=False)
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.none(), required=False, allow_null=True)


class BodyIn(StrictSerializer):
    """Something said."""

    body = serializers.CharField(max_length=20_000)


class ReasonIn(StrictSerializer):
    """Why."""

    reason = serializers.CharField(max_length=20_000)


class PriorityIn(StrictSerializer):
    """How pressing it is."""

    priority = serializers.ChoiceField(choices=Priority.choices)


class OwnerIn(ScopedIn):
    """Who has it; null for nobody."""

    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.none(), allow_null=True)
