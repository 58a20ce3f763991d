"""Settings of leads over the API: RevOps makes and changes them, everybody else reads what explains a score."""

from typing import Any

import pytest
from django.test import Client

from leads.models import DisqualifyReason, FitRule, LeadQueue, RoutingPool, RoutingRule, Scorecard
from leads.setup import ensure_leads
from revops.core.models import AuditEntry
from tests.cast import Cast


def post(client: Client, path: str, body: Any) -> Any:
    return client.post(f"/api/v1/{path}", body, content_type="application/json")


def patch(client: Client, path: str, body: Any, **head: str) -> Any:
    return client.patch(f"/api/v1/{path}", body, content_type="application/json", headers=head)


def bodies(cast: Cast) -> dict[str, tuple[Any, dict[str, Any], dict[str, Any]]]:
    """By resource: the model, a whole body, a change."""
    ensure_leads()
    pool = RoutingPool.objects.get(is_default=True)
    return {
        "fit-rules": (
            FitRule, {"name": "Retail", "field": "industry", "values": ["retail"], "points": 30}, {"points": 40},
        ),
        "routing-rules": (RoutingRule, {"name": "Fair", "sources": ["Fair"], "pool": pool.pk}, {"priority": 5}),
        "routing-pools": (RoutingPool, {"name": "Abroad"}, {"name": "Abroad North"}),
        "lead-queues": (LeadQueue, {"name": "Partners", "owner": cast.olga.pk}, {"owner": cast.dana.pk}),
        "disqualify-reasons": (DisqualifyReason, {"label": "Student"}, {"is_active": False}),
    }  # fmt: skip


KINDS = ("fit-rules", "routing-rules", "routing-pools", "lead-queues", "disqualify-reasons")


@pytest.mark.parametrize("kind", KINDS)
def test_a_setting_is_made_changed_and_protected_by_its_tag(client: Client, cast: Cast, kind: str) -> None:
    model, body, change = bodies(cast)[kind]
    client.force_login(cast.olga)
    made = post(client, kind, body)
    assert made.status_code == 201, made.content
    path = f"{kind}/{made.json()['id']}"
    changed = patch(client, path, change, if_match=made["ETag"])
    assert changed.status_code == 200 and changed.json() == {**made.json(), **change, "version": 2}
    assert patch(client, path, change, if_match=made["ETag"]).status_code == 412
    assert model.objects.get(pk=made.json()["id"]).version == 2
    name = model._meta.model_name
    assert AuditEntry.objects.filter(action__in=[f"{name}.created", f"{name}.changed"]).count() >= 2


@pytest.mark.parametrize("kind", KINDS)
def test_who_does_not_administer_changes_none(client: Client, cast: Cast, kind: str) -> None:
    model, body, change = bodies(cast)[kind]
    client.force_login(cast.olga)
    made = post(client, kind, body).json()
    before = model.objects.count()
    client.force_login(cast.alice)
    assert post(client, kind, body).status_code == 403
    assert patch(client, f"{kind}/{made['id']}", change).status_code in (403, 404)
    assert model.objects.count() == before and model.objects.get(pk=made["id"]).version == 1


@pytest.mark.parametrize(("kind", "field"), [("routing-pools", "name"), ("lead-queues", "name"),
                                            ("disqualify-reasons", "label")])  # fmt: skip
def test_a_name_stands_once(client: Client, cast: Cast, kind: str, field: str) -> None:
    _model, body, _change = bodies(cast)[kind]
    client.force_login(cast.olga)
    assert post(client, kind, body).status_code == 201
    twin = post(client, kind, body)
    assert (twin.status_code, twin.json()["errors"][0]["pointer"]) == (422, field)


def test_there_is_one_default_pool(client: Client, cast: Cast) -> None:
    bodies(cast)
    client.force_login(cast.olga)
    second = post(client, "routing-pools", {"name": "Second", "is_default": True})
    assert (second.status_code, second.json()["errors"][0]["pointer"]) == (422, "is_default")


def test_the_next_scorecard_takes_over(client: Client, cast: Cast) -> None:
    ensure_leads()
    client.force_login(cast.olga)
    names = ("needs", "finances", "reputation", "budget", "authority")
    weights = {f"{name}_weight": "20" for name in names}
    made = post(client, "scorecards", {**weights, "threshold": "80"})
    assert made.status_code == 201 and made.json()["is_active"] is True
    assert Scorecard.objects.filter(is_active=True).count() == 1
    lame = post(client, "scorecards", {**weights, "needs_weight": "30", "threshold": "80"})
    assert (lame.status_code, Scorecard.objects.get(is_active=True).pk) == (422, made.json()["id"])
    client.force_login(cast.sam)
    assert post(client, "scorecards", {**weights, "threshold": "70"}).status_code == 403
