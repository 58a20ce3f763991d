"""POST /users/{id}/offboard and what it would hand over."""

from typing import Any

from rest_framework import serializers

from revops.core.api.serializers import StrictSerializer
from revops.users.models import User
from revops.users.selectors.holdings import Held


class Colleague(serializers.PrimaryKeyRelatedField):  # type: ignore[type-arg]
    """A colleague by id."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("queryset", User.objects.none())
        super().__init__(**kwargs)

    def get_queryset(self) -> Any:
        request = self.context.get("request")
        return User.objects.visible_to(request.user) if request else User.objects.none()


class OffboardIn(StrictSerializer):
    """Who takes what the person holds."""

    to = Colleague(required=False, allow_null=True, help_text="Everything that `others` does not name.")
    others = serializers.DictField(
        child=Colleague(), required=False, help_text="{kind: id}; kinds as GET …/holdings names them."
    )


class HoldingOut(serializers.Serializer[Held]):
    """How many records of one kind a person holds."""

    kind = serializers.CharField(source="holding.key")
    label = serializers.CharField(source="holding.label")  # type: ignore[assignment]
    count = serializers.IntegerField()
    blocks = serializers.BooleanField(source="holding.blocks")


class Holdings(serializers.Serializer[Any]):
    """What must be handed over before a person can be deactivated, and what may stay."""

    results = HoldingOut(many=True)


class JobStarted(serializers.Serializer[Any]):
    """The job that hands over; read it at /jobs/{id}."""

    id = serializers.UUIDField()
    state = serializers.CharField()
