"""Why deals are lost: the reasons to choose from."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from opportunities import services
from opportunities.models import LossReason
from opportunities.selectors.opportunities import loss_reason_list
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.writes import BulkMixin


class LossReasonRow(OutSerializer):
    """A reason."""

    class Meta:
        model = LossReason
        fields = ["id", "label", "is_active", "version"]


class LossReasonIn(StrictSerializer):
    """Its words, and whether it can be chosen."""

    label = serializers.CharField(max_length=LossReason._meta.get_field("label").max_length)  # type: ignore[assignment]
    is_active = serializers.BooleanField(required=False)


class LossReasonViewSet(BulkMixin):
    """Reasons for which deals are lost."""

    resource = "loss-reasons"
    selector = staticmethod(loss_reason_list)
    out = LossReasonRow
    create_in = change_in = LossReasonIn
    rights = {"create": "opportunities.add_lossreason", "partial_update": "opportunities.change_lossreason"}
    sort_fields = {"id": "id", "label": "label"}

    def create(self, request: Request) -> Response:
        """A further reason."""
        return self.again(services.create_loss_reason(actor=self._person(), **self.read(LossReasonIn)), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Other words, or out of use; deals that were lost for it keep it."""
        reason, version = self.record(pk), self.shown_version(request)
        given = self.read(LossReasonIn, partial=True)
        return self.again(services.update_loss_reason(reason=reason, version=version, actor=self._person(), **given))

    def _person(self) -> Any:
        return self.request.user
