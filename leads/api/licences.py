"""Whether a lead may be contacted."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from leads.models import Lead
from leads.selectors.partners import licence_ended


class ContactableShown(serializers.Serializer):  # type: ignore[type-arg]
    """Adds to a lead whether it may be contacted."""

    contactable = serializers.SerializerMethodField()

    @extend_schema_field(serializers.BooleanField())
    def get_contactable(self, lead: Lead) -> bool:
        """False once the licence has ended under which it came from a research partner."""
        return licence_ended(lead) is None
