"""Plans to keep in touch with leads."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import Seen
from leads import services
from leads.filters_cultivation import CultivationFilter
from leads.models import CultivationPlan, Lead
from leads.selectors.cultivation import cultivation_list
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.writes import BulkMixin


class CultivationPlanOut(OutSerializer):
    """A plan, and the criteria that are still to be found out."""

    info_needed = serializers.ListField(child=serializers.CharField(), read_only=True)
    touched_at = serializers.DateTimeField(read_only=True, default=None, allow_null=True)

    class Meta:
        model = CultivationPlan
        fields = ["id", "lead", "stage", "info_needed", "next_touch_on", "touched_at", "created_at", "version"]


class CultivationPlanIn(StrictSerializer):
    """How far it has come, and when it is touched next."""

    stage = serializers.ChoiceField(choices=CultivationPlan.Stage.choices, required=False)
    next_touch_on = serializers.DateField(required=False, allow_null=True)


class NewCultivationPlanIn(CultivationPlanIn):
    """A lead to keep in touch with."""

    lead = Seen(Lead)


class CultivationPlanViewSet(BulkMixin):
    """Leads that are kept in touch with until they are ready."""

    resource = "cultivation-plans"
    selector = staticmethod(cultivation_list)
    out = CultivationPlanOut
    create_in, change_in = NewCultivationPlanIn, CultivationPlanIn
    filterset_class = CultivationFilter
    rights = {"create": "leads.change_lead", "partial_update": "leads.change_lead"}
    sort_fields = {"id": "id", "next_touch_on": "next_touch_on"}

    def create(self, request: Request) -> Response:
        """Begin to keep in touch."""
        return self.again(services.cultivate_lead(actor=request.user, **self.read(NewCultivationPlanIn)), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """It has come further, or is touched at another time."""
        plan, version = self.record(pk), self.shown_version(request)
        given = self.read(CultivationPlanIn, partial=True)
        return self.again(services.change_cultivation(plan=plan, version=version, actor=request.user, **given))
