"""The OpenAPI document is whole: no warning, every operation declares its refusals, lists their envelope."""

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from tests.cast import Cast


@pytest.fixture(scope="module")
def schema() -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)


def test_the_document_validates_without_a_warning(tmp_path: Any) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml"))
    assert (tmp_path / "schema.yml").stat().st_size > 10_000


def test_each_operation_declares_its_refusals(schema: Any) -> None:
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    assert len(operations) > 60
    for operation in operations:
        assert {"401", "404", "429"} <= set(operation["responses"])
        assert "application/problem+json" in operation["responses"]["404"]["content"]


def test_lists_of_the_three_main_resources_have_envelope_and_parameters(schema: Any) -> None:
    for name in ("leads", "opportunities", "orders"):
        operation = schema["paths"][f"/api/v1/{name}"]["get"]
        shape = operation["responses"]["200"]["content"]["application/json"]["schema"]
        reference = shape.get("$ref", "").rsplit("/", 1)[-1]
        shape = schema["components"]["schemas"][reference] if reference else shape
        assert set(shape["required"]) == {"results", "next"}
        parameters = {parameter["name"] for parameter in operation["parameters"]}
        assert {"limit", "cursor", "sort", "fields", "expand", "count"} <= parameters
        assert "post" in schema["paths"][f"/api/v1/{name}"]


def test_the_docs_page_needs_nothing_from_elsewhere(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    page = client.get("/api/docs/")
    assert page.status_code == 200
    assert "https://" not in page.content.decode()
