"""Who sees pay, on every door: the payee, the managers above on that date, Compensation admin, Finance. Nobody else."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from forecasting.models import CommissionRun, CompPlan, Credit, LedgerEntry, PlanAssignment, PlanVersion, Statement
from forecasting.models.pay_scope import holds
from orders.models import Order
from revops.core import audit, registries
from revops.users import services as users
from revops.users.models import TeamMembership, User
from tests.builders import make_user
from tests.forecasting.pay import at, make_comp_admin, month, publish, put_on_p1, sell

pytestmark = pytest.mark.django_db

SEE = ("alice", "bob", "dana", "erin", "petra")
SEE_NOT = ("charlie", "clara", "sam", "olga", "otto", "root")
ADMINISTER = ("erin", "petra")


@pytest.fixture
def told(cast):
    """Alice's published statement of October, and everybody who might want to read it."""
    with at():
        petra = make_comp_admin()
        make_user("otto", first_name="Otto", last_name="Reyes", roles=("Executive", "Sales manager"), reach="all")
        make_user("root", roles=("RevOps admin",), reach="all", is_staff=True)
        User.objects.filter(username__in=["root"]).update(is_superuser=True)
        User.objects.filter(username="erin").update(is_staff=True)
        put_on_p1(petra, cast.alice)
        sell(cast.alice, "123456", account="Castlebrook Foods")
        statement = publish(cast.alice, petra)
        sell(cast.alice, "3210", account="Harbor Hotels", on=date(2026, 11, 5))
        yield statement


def person(name):
    return User.objects.get(username=name)


def api(name):
    client = APIClient()
    client.force_authenticate(person(name))
    return client


def leaks(response):
    """Anything that only somebody who sees Alice's pay may read."""
    text = response.content.decode() if not response.streaming else b"".join(response.streaming_content).decode()
    return [word for word in ("2,469.12", "2469.12", "Seller plan", "64.20") if word in text]


MODELS = (Statement, LedgerEntry, Credit, CommissionRun, CompPlan, PlanVersion, PlanAssignment)


def test_those_who_may_see_pay_find_it_in_every_model(told):
    for name in SEE:
        for model in MODELS:
            assert model.objects.visible_to(person(name)).exists(), model


def test_nobody_else_finds_anything_in_any_model_whatever_the_reach(told):
    for name in SEE_NOT:
        for model in MODELS:
            assert not model.objects.visible_to(person(name)).exists(), model


def pages(told):
    return {
        "statement": reverse("statement-detail", args=[told.pk]),
        "running": reverse("statement-running", args=[told.payee_id]),
        "october": reverse("statement-running", args=[told.payee_id]) + "?period=2026-10",
    }


def test_the_pages_open_for_those_who_may_see_pay(client, told):
    for name in SEE:
        client.force_login(person(name))
        for url in pages(told).values():
            assert client.get(url).status_code == 200, url
        assert "2,469.12" in client.get(pages(told)["statement"]).content.decode()
        assert "Alice Reed" in client.get(reverse("statement-list")).content.decode()
        assert "2469.12" in b"".join(client.get(reverse("statement-list") + "?export=csv").streaming_content).decode()
        assert "Seller plan" in client.get(reverse("plan-list")).content.decode()


def test_the_pages_are_not_there_for_anybody_else(client, told):
    for name in SEE_NOT:
        client.force_login(person(name))
        for url in pages(told).values():
            assert client.get(url).status_code == 404, url
        for url in (
            reverse("statement-list"),
            reverse("statement-list") + "?export=csv",
            reverse("statement-list") + f"?payee={told.payee_id}",
            reverse("statement-list") + "?panel=1",
            reverse("plan-list"),
            reverse("statement-me"),
        ):
            response = client.get(url)
            assert response.status_code == 200, url
            assert leaks(response) == [], url
        for verb in ("statement-acknowledge", "statement-publish"):
            assert client.post(reverse(verb, args=[told.pk]), {"version": told.version}).status_code == 404
        assignment = PlanAssignment.objects.get(user=told.payee_id)
        assert client.post(reverse("plan-sign", args=[assignment.pk]), {"version": 1}).status_code == 404


def test_whoever_is_not_signed_in_is_sent_to_the_door(client, told):
    for url in (*pages(told).values(), reverse("statement-list"), reverse("statement-me"), reverse("plan-list")):
        assert client.get(url).status_code == 302
    for url in ("/api/v1/comp/statements", "/api/v1/comp/ledger", "/api/v1/comp/plans"):
        assert APIClient().get(url).status_code in (401, 403)


def test_the_api_answers_those_who_may_see_pay(told):
    for name in SEE:
        client = api(name)
        assert client.get(f"/api/v1/comp/statements/{told.pk}").status_code == 200
        for route in ("statements", "ledger", "plans"):
            assert client.get(f"/api/v1/comp/{route}").json()["results"], route


def test_the_api_knows_nothing_for_anybody_else(told):
    for name in SEE_NOT:
        client = api(name)
        entry, plan = LedgerEntry.objects.first(), CompPlan.objects.get()
        for url in (f"statements/{told.pk}", f"ledger/{entry.pk}", f"plans/{plan.pk}"):
            assert client.get(f"/api/v1/comp/{url}").status_code == 404, url
        for route in ("statements", "ledger", f"ledger?payee={told.payee_id}", "plans", "statements?count=exact"):
            body = client.get(f"/api/v1/comp/{route}").json()
            assert body["results"] == [], route
            assert body.get("count", 0) == 0
        for verb in ("publish", "acknowledge"):
            answer = client.post(f"/api/v1/comp/statements/{told.pk}/{verb}", HTTP_IF_MATCH=f'"{told.version}"')
            assert answer.status_code == 404
        assert client.post("/api/v1/comp/calculate", {"period": "2026-11"}, format="json").status_code == 403


ADMIN = ("statement", "ledgerentry", "credit", "commissionrun", "compplan", "planversion", "planassignment")


def test_the_admin_shows_pay_to_compensation_admin_and_finance(client, told):
    for name in ADMINISTER:
        client.force_login(person(name))
        for model in ADMIN:
            assert client.get(reverse(f"admin:forecasting_{model}_changelist")).status_code == 200, model
        assert client.get(reverse("admin:forecasting_statement_change", args=[told.pk])).status_code == 200


def test_the_admin_shows_pay_to_nobody_else_not_even_a_superuser(client, told):
    for name in ["olga", "root", "dana", "otto", "bob"]:
        User.objects.filter(username=name).update(is_staff=True)
        client.force_login(person(name))
        for model in ADMIN:
            assert client.get(reverse(f"admin:forecasting_{model}_changelist")).status_code == 403, model
        assert client.get(reverse("admin:forecasting_statement_change", args=[told.pk])).status_code == 403
        for label in ("Statements", "Ledger entries", "Comp plans"):
            assert label not in client.get(reverse("admin:index")).content.decode()


def test_the_log_shows_what_concerns_pay_only_to_those_who_see_pay(told):
    for name in ADMINISTER:
        assert audit.visible_entries(person(name)).filter(area="compensation").exists()
    for name in ("olga", "dana", "otto", "charlie", "bob"):
        assert not audit.visible_entries(person(name)).filter(area="compensation").exists()


def test_search_finds_no_pay_for_anybody(told):
    for searcher in registries.searchers.all():
        for hit in searcher.search(person("charlie"), "Seller plan", 20):
            assert "statement" not in hit.url
            assert "comp/" not in hit.url


def test_a_draft_is_seen_by_those_who_prepare_it_only(client, told):
    from forecasting.services import prepare_statement

    draft = prepare_statement(payee=told.payee, period=told.period, actor=person("petra"))
    for name, status in (("alice", 404), ("bob", 404), ("dana", 404), ("erin", 200), ("petra", 200)):
        client.force_login(person(name))
        assert client.get(reverse("statement-detail", args=[draft.pk])).status_code == status, name


def test_the_manager_of_the_month_sees_it_and_the_next_manager_sees_the_next(client, told, cast):
    """Bob manages West until 31 October, Clara from 1 November."""
    row = TeamMembership.objects.get(user=cast.bob, role="manager")
    users.end_membership(membership=row, end=date(2026, 11, 1), actor=None)
    users.add_manager(team=cast.west, user=cast.clara, start=date(2026, 11, 1), actor=None)
    october, november = pages(told)["october"], pages(told)["running"]
    for name, url, status in (
        ("bob", october, 200),
        ("bob", november, 404),
        ("clara", october, 404),
        ("clara", november, 200),
    ):
        client.force_login(person(name))
        assert client.get(url).status_code == status, (name, url)
    assert Statement.objects.visible_to(person("bob")).get() == told
    assert not Statement.objects.visible_to(person("clara")).exists()
    assert LedgerEntry.objects.visible_to(person("clara")).count() == 2


def test_two_managers_of_one_team_do_not_see_each_other(told, cast):
    ben = make_user("ben", roles=("Sales manager",), manages=cast.west)
    put_on_p1(person("petra"), cast.bob)
    sell(cast.bob, "1000", on=date(2026, 11, 3))
    assert not LedgerEntry.objects.visible_to(ben).filter(payee=cast.bob).exists()
    assert LedgerEntry.objects.visible_to(ben).filter(payee=cast.alice).exists()
    assert LedgerEntry.objects.visible_to(cast.dana).filter(payee=cast.bob).exists()


def test_a_manager_above_sees_the_line_but_the_link_only_of_orders_that_he_sees(client, told, cast):
    """Erin keeps the books: the line is there in full, and the order's page opens only to those who see the order."""
    order = Order.objects.get(number=told.lines.get().order_number)
    for name in SEE:
        client.force_login(person(name))
        html = client.get(pages(told)["statement"]).content.decode()
        seen = Order.objects.visible_to(person(name)).filter(pk=order.pk).exists()
        assert f"{order.number}.1" in html
        assert "Castlebrook Foods" in html
        assert "123,456.00" in html
        assert "100 %" in html
        assert (f'/orders/{order.pk}/"' in html) == seen, name


def test_a_role_opens_pay_and_being_superuser_does_not():
    users.sync_roles()
    root = make_user("root2", is_staff=True)
    User.objects.filter(pk=root.pk).update(is_superuser=True)
    assert not holds(person("root2"), "view_all_compensation")
    users.set_roles(user=root, roles=["Compensation admin"], actor=None)
    assert holds(person("root2"), "view_all_compensation")


def test_the_running_month_of_others_stands_on_the_list_of_their_manager(client, told):
    for name, shown in (("bob", True), ("alice", True), ("charlie", False)):
        client.force_login(person(name))
        assert ("64.20" in client.get(reverse("statement-list")).content.decode()) == shown, name


def test_a_stranger_calculates_nothing(told):
    before = LedgerEntry.objects.count()
    for name in (*SEE_NOT, "alice", "bob", "dana", "erin"):
        answer = api(name).post("/api/v1/comp/calculate", {"period": month().label}, format="json")
        assert answer.status_code == 403, name
    answer = api("petra").post("/api/v1/comp/calculate", {"period": month().label}, format="json")
    assert answer.status_code == 202
    assert answer["Location"].startswith("/api/v1/jobs/")
    assert LedgerEntry.objects.count() == before
    assert Decimal(Statement.objects.get().earned) == Decimal("2469.12")
