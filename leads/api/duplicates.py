"""Pairs that look like one."""

import django_filters as filters
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from leads import services
from leads.models import DuplicatePair
from leads.selectors.duplicates import pair_list
from revops.core.api.filters import StrictFilterSet
from revops.core.api.serializers import OutSerializer
from revops.core.api.views import JobStarted, ResourceViewSet, job_accepted


class PairOut(OutSerializer):
    """Two records of a kind with their likeness in per cent, and why."""

    reasons = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = DuplicatePair
        fields = [
            "id", "kind", "low_id", "high_id", "score", "reasons", "state", "later_until", "decided_by", "decided_at",
            "created_at", "version",
        ]  # fmt: skip


class PairFilter(StrictFilterSet):
    """Which pairs."""

    kind = filters.ChoiceFilter(choices=DuplicatePair.Kind.choices, label=_("Kind"))
    state = filters.ChoiceFilter(choices=DuplicatePair.State.choices, label=_("State"))
    score__gte = filters.NumberFilter(field_name="score", lookup_expr="gte", label=_("Likeness from"))


class DuplicateViewSet(ResourceViewSet):
    """The queue of possible duplicates: merge by POST /{leads|contacts|accounts}/{low_id}/merge {"other": high_id}."""

    resource = "duplicates"
    # Which right it takes depends on the kind: the service asks.
    rights = {"dismiss": None, "later": None, "reopen": None, "scan": "leads.merge_lead"}
    selector = staticmethod(pair_list)
    out = PairOut
    filterset_class = PairFilter
    sort_fields = {"id": "id", "score": "score"}
    default_sort = "-score"

    @extend_schema(request=None, responses=PairOut)
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, pk: str) -> Response:
        """They are two."""
        pair, version = self.record(pk), self.shown_version(request)
        return self.again(services.dismiss_pair(pair=pair, version=version, actor=request.user))

    @extend_schema(request=None, responses=PairOut)
    @action(detail=True, methods=["post"])
    def later(self, request: Request, pk: str) -> Response:
        """Ask again in a week."""
        pair, version = self.record(pk), self.shown_version(request)
        return self.again(services.postpone_pair(pair=pair, version=version, actor=request.user))

    @extend_schema(request=None, responses=PairOut)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Look at two again that were dismissed."""
        pair, version = self.record(pk), self.shown_version(request)
        return self.again(services.reopen_pair(pair=pair, version=version, actor=request.user))

    @extend_schema(request=None, responses={202: JobStarted})
    @action(detail=False, methods=["post"])
    def scan(self, request: Request) -> Response:
        """Look through everything now."""
        return job_accepted(services.start_scan(actor=request.user))
