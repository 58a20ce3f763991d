"""The same JSON fields of the same rows, done barely: Django and DRF, a cursor, nothing else."""

import os
from typing import Any

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revops.settings")
django.setup()
settings.MIDDLEWARE = []
settings.ROOT_URLCONF = "benchmarks.bare"

from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.db.models import F, OuterRef, QuerySet, Subquery  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import serializers  # noqa: E402
from rest_framework.renderers import JSONRenderer  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from benchmarks.counted import counted  # noqa: E402
from leads.api.serializers import LeadOut  # noqa: E402
from leads.models import Lead, QualificationScore  # noqa: E402

PAGE = 50


class LeadSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    """The fields that the product's list shows."""

    name = serializers.CharField(read_only=True)
    score = serializers.DecimalField(max_digits=5, decimal_places=2, read_only=True, default=None)
    fit = serializers.IntegerField(source="fit_score", read_only=True, default=None)
    engagement = serializers.IntegerField(source="engagement_score", read_only=True, default=None)
    grade = serializers.CharField(read_only=True, default=None)
    propensity = serializers.DecimalField(
        source="propensity_score", max_digits=5, decimal_places=2, read_only=True, default=None
    )
    disqualify_reason = serializers.CharField(source="disqualify_reason.label", read_only=True, default=None)
    next_action_at = serializers.DateTimeField(source="next_due_at", read_only=True)

    class Meta:
        model = Lead
        fields = LeadOut.Meta.fields


class NewLead(serializers.ModelSerializer):  # type: ignore[type-arg]
    """What a new lead takes."""

    class Meta:
        model = Lead
        fields = ["first_name", "last_name", "company", "email", "owner"]


class Bare(APIView):
    """No login, no permission, no limit."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    throttle_classes: list[Any] = []
    renderer_classes = [JSONRenderer]

    def rows(self) -> QuerySet[Any]:
        """One query for a page: scores and reason come along."""
        scores = QualificationScore.objects.filter(lead=OuterRef("pk"), is_current=True)
        return Lead.objects.select_related("disqualify_reason").annotate(
            score=Subquery(scores.values("score")[:1]),
            fit_score=F("fit__score"),
            engagement_score=F("engagement__score"),
            grade=F("engagement__grade"),
            propensity_score=F("propensity__score"),
        )


class Leads(Bare):
    """List, filter, search and create."""

    def get(self, request: Request) -> Response:
        """One page after the cursor."""
        rows, params = self.rows(), request.query_params
        for name in ("status", "country"):
            if name in params:
                rows = rows.filter(**{name: params[name]})
        if "q" in params:
            rows = rows.filter(search__contains=params["q"])
        if "cursor" in params:
            rows = rows.filter(pk__lt=params["cursor"])
        page = list(rows.order_by("-pk")[: PAGE + 1])
        cursor = page[PAGE - 1].pk if len(page) > PAGE else None
        return Response({"results": LeadSerializer(page[:PAGE], many=True).data, "next": cursor})

    def post(self, request: Request) -> Response:
        """One row."""
        form = NewLead(data=request.data)
        form.is_valid(raise_exception=True)
        form.save()
        return Response(form.data, status=201)


class OneLead(Bare):
    """Detail."""

    def get(self, request: Request, pk: int) -> Response:
        """One row."""
        lead = self.rows().get(pk=pk)
        answers = {row.criterion: {"value": str(row.value), "evidence": row.evidence} for row in lead.answers.all()}
        return Response({**LeadSerializer(lead).data, "answers": answers})


urlpatterns = [path("leads", Leads.as_view()), path("leads/<int:pk>", OneLead.as_view())]
application = counted(WSGIHandler())
