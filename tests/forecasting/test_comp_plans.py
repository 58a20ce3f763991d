"""Plans, their signature, the earn card, the doors of the administrator; and that compensation stands alone."""

import ast
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from forecasting.models import CompPlan, LedgerEntry, PlanAssignment, PlanVersion
from forecasting.services import (
    approve_plan_version,
    assign_plan,
    create_plan,
    create_plan_version,
    end_assignment,
    set_components,
    submit_plan_version,
    update_plan_version,
)
from forecasting.setup import ensure_plan_p1
from opportunities import services as deals
from opportunities.setup import ensure_pipeline
from revops.core.errors import IllegalState, InvalidInput, MissingFields, NotAllowed, StaleCopy
from revops.core.models import AuditEntry
from tests.builders import make_user
from tests.forecasting.pay import at, earned, make_comp_admin, make_plan, month, put_on_p1, sell

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parent.parent.parent
TIERS = [(0, 2), (270000, 4)]


@pytest.fixture(autouse=True)
def _clock():
    with at():
        yield


@pytest.fixture
def petra(cast):
    return make_comp_admin()


def draft(petra, **more):
    plan = create_plan(actor=petra, code="P7", name="Hunter plan")
    given = {"components": [{"tiers": TIERS}]} | more
    return create_plan_version(actor=petra, plan=plan, first_on=date(2026, 1, 1), **given)


def test_only_compensation_administrators_make_plans(cast, petra):
    for person in (cast.alice, cast.bob, cast.dana, cast.erin, cast.olga):
        with pytest.raises(NotAllowed):
            create_plan(actor=person, code="P8", name="My plan")
    assert not CompPlan.objects.exists()


@pytest.mark.parametrize("tiers", [[], [(1, 2)], [(0, 2), (0, 3)], [(0, 101)], [(0, -1)], [(0, 2), (-5, 3)]])
def test_tiers_start_at_zero_and_never_overlap(petra, tiers):
    with pytest.raises(InvalidInput):
        draft(petra, components=[{"tiers": tiers}])


@pytest.mark.parametrize("word", [{"mode": "curve"}, {"metric": "smiles"}, {"comparator": "lt"}])
def test_a_component_says_only_what_the_engine_understands(petra, word):
    with pytest.raises(InvalidInput):
        draft(petra, components=[{"tiers": TIERS, **word}])


def test_a_plan_version_goes_from_draft_to_review_to_approved_and_is_not_edited_after(petra):
    edition = draft(petra, components=[])
    with pytest.raises(MissingFields):
        submit_plan_version(plan_version=edition, version=edition.version, actor=petra)
    edition = set_components(plan_version=edition, version=edition.version, actor=petra, components=[{"tiers": TIERS}])
    with pytest.raises(StaleCopy):
        update_plan_version(plan_version=edition, version=edition.version - 1, actor=petra, hold_days=5)
    edition = submit_plan_version(plan_version=edition, version=edition.version, actor=petra)
    with pytest.raises(IllegalState):
        update_plan_version(plan_version=edition, version=edition.version, actor=petra, hold_days=5)
    edition = approve_plan_version(plan_version=edition, version=edition.version, actor=petra)
    for act in (
        lambda: submit_plan_version(plan_version=edition, version=edition.version, actor=petra),
        lambda: set_components(plan_version=edition, version=edition.version, actor=petra, components=[]),
    ):
        with pytest.raises(IllegalState):
            act()
    assert edition.components.get().tiers.count() == 2
    rows = AuditEntry.objects.filter(model="forecasting.planversion")
    assert {row.area for row in rows} == {"compensation"}


def test_nobody_is_put_on_a_plan_that_is_not_approved_or_twice_on_one(cast, petra):
    with pytest.raises(IllegalState):
        assign_plan(actor=petra, plan_version=draft(petra), user=cast.alice, first_on=date(2026, 1, 1))
    edition = make_plan(petra, cast.alice, tiers=TIERS)
    with pytest.raises(InvalidInput):
        assign_plan(actor=petra, plan_version=edition, user=cast.alice, first_on=date(2026, 1, 1))
    euros = make_plan(petra, code="PE", tiers=TIERS, currency="EUR")
    with pytest.raises(InvalidInput):
        assign_plan(actor=petra, plan_version=euros, user=cast.alice, first_on=date(2026, 3, 1))
    assert PlanAssignment.objects.count() == 1


def test_a_plan_that_ended_pays_nothing_after_its_last_day(cast, petra):
    put_on_p1(petra, cast.alice)
    row = PlanAssignment.objects.get()
    end_assignment(assignment=row, version=row.version, actor=petra, last_on=date(2026, 10, 15))
    sell(cast.alice, "1000", on=date(2026, 10, 15))
    sell(cast.alice, "1000", on=date(2026, 10, 16))
    assert earned(cast.alice, month()) == Decimal(20)


def test_the_first_plan_is_made_once(cast, petra):
    first = ensure_plan_p1([cast.alice], actor=petra)
    assert ensure_plan_p1([cast.alice, cast.bob]) == first
    assert (CompPlan.objects.count(), PlanAssignment.objects.count()) == (1, 2)
    assert PlanAssignment.objects.filter(status="active").count() == 2


def test_the_payee_reads_and_signs_the_plan_on_its_page(client, cast, petra):
    put_on_p1(petra, cast.alice, sign=False)
    row = PlanAssignment.objects.get()
    client.force_login(cast.alice)
    html = client.get(reverse("plan-list")).content.decode()
    assert "$270,000" in html
    assert "4 %" in html
    assert "It pays nothing before you sign it" in html
    client.force_login(cast.bob)
    assert "It pays nothing" not in client.get(reverse("plan-list")).content.decode()
    assert client.post(reverse("plan-sign", args=[row.pk]), {"version": row.version}).status_code == 403
    client.force_login(cast.alice)
    assert client.post(reverse("plan-sign", args=[row.pk]), {"version": row.version}).status_code == 302
    row.refresh_from_db()
    assert row.status == "active"
    assert client.post(reverse("plan-sign", args=[row.pk]), {"version": 1}).status_code == 409


def test_the_api_shows_a_plan_with_its_tiers(cast, petra):
    put_on_p1(petra, cast.alice)
    api = APIClient()
    api.force_authenticate(cast.alice)
    (plan,) = api.get("/api/v1/comp/plans").json()["results"]
    (component,) = plan["versions"][0]["components"]
    assert component["tiers"] == [{"from": "0", "rate": "2"}, {"from": "270000", "rate": "4"}]
    assert (component["mode"], component["comparator"]) == ("retro", "gt")
    rows = api.get("/api/v1/comp/ledger").json()["results"]
    assert rows == []
    sell(cast.alice, "1000")
    rows = api.get("/api/v1/comp/ledger?account=expense").json()["results"]
    assert [(row["amount"], row["kind"], row["origin_period"]) for row in rows] == [
        ({"amount": "20.00", "currency": "USD"}, "earning", "2026-10")
    ]


def test_the_administrator_writes_a_plan_in_django_admin(client, petra):
    client.force_login(petra)
    client.post(reverse("admin:forecasting_compplan_add"), {"code": "P7", "name": "Hunter plan"})
    plan = CompPlan.objects.get()
    rows = {"components-TOTAL_FORMS": 1, "components-INITIAL_FORMS": 0, "components-MIN_NUM_FORMS": 0}
    one = {"name": "Revenue", "metric": "revenue", "mode": "retro", "comparator": "gt", "bands": "0: 2, 270000: 4"}
    form = {
        "plan": plan.pk,
        "currency": "USD",
        "rounding": "ROUND_HALF_UP",
        "hold_days": 30,
        "clawback_days": 180,
        "first_on": "2026-01-01",
        **rows,
        **{f"components-0-{name}": value for name, value in one.items()},
    }
    answer = client.post(reverse("admin:forecasting_planversion_add"), form)
    assert answer.status_code == 302, answer.context["errors"] if answer.context else answer
    edition = PlanVersion.objects.get()
    assert [(tier.bound, tier.rate) for tier in edition.components.get().tiers.all()] == [(0, 2), (270000, 4)]
    changes = reverse("admin:forecasting_planversion_changelist")
    for action, status in (
        ("approve", "draft"),
        ("submit", "in_review"),
        ("approve", "approved"),
        ("activate", "active"),
    ):
        client.post(changes, {"action": action, "_selected_action": [edition.pk]})
        edition.refresh_from_db()
        assert edition.status == status, action
    page = client.get(reverse("admin:forecasting_planversion_change", args=[edition.pk]))
    assert page.status_code == 200
    assert 'name="hold_days"' not in page.content.decode()


# The earn card ----------------------------------------------------------------------------


def deal_of(owner, amount="132000", close_on=date(2026, 11, 28), **fields):
    ensure_pipeline()
    return deals.create_opportunity(
        actor=owner, name="Fleet telematics", amount=Decimal(amount), close_on=close_on, **fields
    )


def test_the_card_says_what_the_deal_adds_by_the_same_engine(client, cast, petra):
    ben = make_user("ben", first_name="Ben", last_name="Ortiz", team=cast.west)
    put_on_p1(petra, cast.alice)
    sell(cast.alice, "238400", on=date(2026, 11, 3))
    deal = deal_of(cast.alice)
    shares = [{"user": cast.alice, "percent": Decimal(70)}, {"user": ben, "percent": Decimal(30)}]
    deals.set_splits(opportunity=deal, splits=shares, version=deal.version, actor=cast.alice)
    client.force_login(cast.alice)
    url = reverse("opportunity-earn", args=[deal.pk])
    html = " ".join(client.get(url, headers={"HX-Request": "true"}).content.decode().split())
    for words in ("+$8,464.00", "70 % of $132,000 credits you $92,400", "November becomes $330,800"):
        assert words in html
    assert "over the $270,000 quota, so 4 % applies to all of it" in html
    assert "$4,768.00 now" in html
    assert "$13,232.00" in html
    assert "<html" not in html
    assert "<html" in client.get(url).content.decode()
    assert url in client.get(reverse("opportunity-detail", args=[deal.pk])).content.decode()
    assert not LedgerEntry.objects.filter(source_line__order__net=132000).exists()


def test_the_card_is_about_the_viewer_only(client, cast, petra):
    put_on_p1(petra, cast.alice, cast.bob)
    deal = deal_of(cast.alice)
    url = reverse("opportunity-earn", args=[deal.pk])
    for person, status in ((cast.bob, 404), (cast.dana, 404), (petra, 404), (cast.charlie, 404), (cast.alice, 200)):
        client.force_login(person)
        assert client.get(url).status_code == status, person
    client.force_login(cast.bob)
    page = client.get(reverse("opportunity-detail", args=[deal.pk]))
    assert page.status_code == 200
    assert url not in page.content.decode()


def test_without_a_signed_plan_or_an_amount_the_card_says_so(client, cast, petra):
    put_on_p1(petra, cast.alice, sign=False)
    deal = deal_of(cast.alice)
    client.force_login(cast.alice)
    assert "No signed plan of yours" in client.get(reverse("opportunity-earn", args=[deal.pk])).content.decode()
    bare = deals.create_opportunity(actor=cast.alice, name="Bare")
    assert "has no amount yet" in client.get(reverse("opportunity-earn", args=[bare.pk])).content.decode()


def test_my_day_says_what_the_month_earned_and_what_lifts_it(client, cast, petra):
    put_on_p1(petra, cast.alice)
    sell(cast.alice, "238400", on=date(2026, 11, 3))
    client.force_login(cast.alice)
    url = reverse("earned-so-far")
    assert url in client.get(reverse("my-day")).content.decode()
    html = " ".join(client.get(url, headers={"HX-Request": "true"}).content.decode().split())
    for words in ("$4,768.00", "$31,600.01 more lifts all of November to 4 %: at least +$6,032.00", "88.2 % of quota"):
        assert words in html
    assert "73 % of the month gone" in html
    assert client.get(url).status_code == 302
    sell(cast.alice, "100000", on=date(2026, 11, 4))
    html = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "The highest tier is reached." in html
    client.force_login(cast.bob)
    assert url not in client.get(reverse("my-day")).content.decode()
    assert "$" not in client.get(url, headers={"HX-Request": "true"}).content.decode()


# Standing alone ---------------------------------------------------------------------------

PAY = ("compensation", "credits", "ledger", "statements", "pay_scope", "pay_facts", "calculation", "calculation_job")
PAY += ("releases", "plans", "earn", "explain", "sheets", "_ledger")
PAY_NAMES = {"CompPlan", "PlanVersion", "PlanAssignment", "Component", "Tier", "Credit", "CommissionRun"}
PAY_NAMES |= {"LedgerEntry", "Statement", "StatementLine"}
WIRING = {"apps.py", "urls.py", "admin.py", "tasks.py", "panels.py", "setup.py", "engine.py"}


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("forecasting"):
            yield node.module, {name.name for name in node.names}


def test_nothing_else_in_the_room_imports_compensation():
    bad = []
    for path in sorted((ROOT / "forecasting").rglob("*.py")):
        inside = path.relative_to(ROOT / "forecasting").as_posix()
        own = path.stem in PAY or path.name in WIRING or path.name == "__init__.py" or "migrations" in path.parts
        if own or inside in ("api/urls.py", "api/quotas.py") or inside.startswith(("demo/", "management/")):
            continue
        for module, names in _imports(path):
            if module.rsplit(".", 1)[-1] in PAY or names & (PAY_NAMES | set(PAY)):
                bad.append(f"{inside} imports {module} {sorted(names)}")
    assert not bad, bad
