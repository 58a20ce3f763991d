"""Merging two records of a resource, and taking merges apart."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from revops.core import merging, unmerging
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.views import ResourceViewSet
from revops.core.errors import InvalidInput
from revops.core.models import MergeRecord
from revops.core.registries import merge_kinds


class MergeIn(StrictSerializer):
    """Which record becomes an alias of this one; by field, whose value stays. What is empty here comes from there."""

    other = serializers.IntegerField(min_value=1, max_value=10**18)
    choices = serializers.DictField(
        child=serializers.ChoiceField(choices=["winner", "loser"]), required=False, default=dict
    )


class MergeMixin(ResourceViewSet):
    """POST /{resource}/{id}/merge."""

    @extend_schema(request=MergeIn, responses=None)
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        """Merge another record into this one, with everything that hangs on it; reversible for 30 days."""
        winner, version = self.record(pk), self.shown_version(request)
        asked = self.read(MergeIn)
        loser = self.get_queryset().filter(pk=asked["other"]).first()
        if loser is None:
            raise InvalidInput.of(other="There is no such record, or it is not yours to see.")
        kind = merging.kind_of(winner)
        kind.merge(winner=winner, loser=loser, version=version, actor=request.user, choices=asked["choices"])
        winner.refresh_from_db()
        return self.again(winner)


class MergeOut(OutSerializer):
    """A merge: which record stayed, which became its alias, and, once taken apart, what was left as it is."""

    reversible_until = serializers.SerializerMethodField()
    can_undo = serializers.SerializerMethodField()

    class Meta:
        model = MergeRecord
        fields = [
            "id", "model", "winner_id", "loser_id", "loser_label", "merged_by", "merged_at", "moved",
            "reversible_until", "can_undo", "undone_by", "undone_at", "kept",
        ]  # fmt: skip

    def get_reversible_until(self, row: MergeRecord) -> str:
        """Until when it can be taken apart."""
        return merging.until(row).isoformat()

    def get_can_undo(self, row: MergeRecord) -> bool:
        """Whether it still can be."""
        return merging.can_undo(row)


def merge_list(*, viewer: Any) -> QuerySet[MergeRecord]:
    """Merges of the records that the viewer sees."""
    return MergeRecord.objects.visible_to(viewer)


class MergeViewSet(ResourceViewSet):
    """Merges of leads, contacts and accounts."""

    resource = "merges"
    rights = {"undo": None}
    selector = staticmethod(merge_list)
    out = MergeOut
    sort_fields = {"id": "id", "merged_at": "merged_at"}

    @extend_schema(request=None, responses=MergeOut)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Take it apart, within 30 days; `kept` lists what somebody changed since and therefore stays."""
        row = self.record(pk)
        kind = merge_kinds.get(row.model)
        undo = unmerging.unmerge if kind is None else kind.undo
        return self.answer(undo(merge=row, actor=request.user))
