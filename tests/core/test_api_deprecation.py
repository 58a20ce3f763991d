"""What is on its way out says so before it goes: shown on a view of the tests."""

from datetime import date
from typing import Any

import pytest
from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate

from revops.core.api.deprecation import Deprecation, deprecated
from revops.core.api.serializers import OutSerializer
from revops.core.api.views import ResourceViewSet
from revops.users.models import Team
from tests.cast import Cast

OLD_FIELD = Deprecation(date(2026, 1, 1), date(2026, 12, 31), note="The name says it.")


class CrewOut(OutSerializer):
    class Meta:
        model = Team
        fields = ["id", "name", "external_id"]


class CrewViewSet(ResourceViewSet):
    """Teams, for this test."""

    resource = "teams"
    selector = staticmethod(lambda *, viewer: Team.objects.all())
    out = CrewOut
    deprecated_fields = {"external_id": OLD_FIELD}

    @deprecated(since=date(2026, 3, 1), sunset=date(2026, 9, 1), successor="/api/v1/teams")
    @action(detail=False)
    def everybody(self, request: Request) -> Response:
        """All of them."""
        return Response([])


ADDRESSES = [
    path("api/v1/crews", CrewViewSet.as_view({"get": "list"})),
    path("api/v1/crews/everybody", CrewViewSet.as_view({"get": "everybody"})),
]


def ask(person: Any, verb: str, query: str = "") -> Response:
    request = APIRequestFactory().get(f"/api/v1/crews{query}")
    force_authenticate(request, person)
    return CrewViewSet.as_view({"get": verb})(request)


def test_a_going_operation_names_its_days_and_its_successor(cast: Cast) -> None:
    answer = ask(cast.alice, "everybody")
    assert answer["Deprecation"] == "@1772323200"  # 1 March 2026
    assert answer["Sunset"] == "Tue, 01 Sep 2026 00:00:00 GMT"
    assert answer["Link"].startswith('</api/v1/teams>; rel="successor-version", </api/docs/>; rel="deprecation"')


@pytest.mark.parametrize(("query", "told"), [("", True), ("?fields=name,external_id", True), ("?fields=name", False)])
def test_a_going_field_is_told_by_the_answers_that_carry_it(cast: Cast, query: str, told: bool) -> None:
    answer = ask(cast.alice, "list", query)
    assert (answer.status_code, answer.has_header("Deprecation")) == (200, told)
    if told:
        assert answer["Sunset"] == "Thu, 31 Dec 2026 00:00:00 GMT"


def test_the_description_marks_both() -> None:
    document = SchemaGenerator(patterns=ADDRESSES).get_schema(request=None, public=True)
    said = document["paths"]["/api/v1/crews/everybody"]["get"]
    assert said["deprecated"] is True and "may be gone after 2026-09-01" in said["description"]
    assert "deprecated" not in document["paths"]["/api/v1/crews"]["get"]
    (shape,) = [shape for name, shape in document["components"]["schemas"].items() if name.endswith("CrewOut")]
    assert shape["properties"]["external_id"]["deprecated"] is True
    assert "deprecated" not in shape["properties"]["name"]
