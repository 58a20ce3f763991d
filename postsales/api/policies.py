"""Service levels, to read: what is promised for each priority."""

from rest_framework import serializers

from postsales.models import SlaPolicy, SlaTarget
from postsales.selectors.policies import policy_list
from revops.core.api.serializers import OutSerializer
from revops.core.api.views import ResourceViewSet


class TargetOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """Minutes to the first answer and to the solution."""

    class Meta:
        model = SlaTarget
        fields = ["priority", "response_minutes", "resolution_minutes", "around_the_clock"]


class PolicyOut(OutSerializer):
    """A set of targets on one working calendar."""

    targets = TargetOut(many=True, read_only=True)

    class Meta:
        model = SlaPolicy
        fields = ["id", "name", "calendar", "is_default", "restart_on_reopen", "targets", "version"]


class PolicyViewSet(ResourceViewSet):
    """What is promised for each priority of a case; administrators set it in the console."""

    resource = "sla-policies"
    selector = staticmethod(policy_list)
    out = PolicyOut
    sort_fields = {"id": "id", "name": "name"}
    default_sort = "name"
