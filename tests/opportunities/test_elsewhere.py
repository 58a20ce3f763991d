"""What deals show in other places: search, My day, activities of others, a leaver's deals; and their administration."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from accounts.models import Activity
from opportunities import services
from opportunities.models import ApprovalRule, LossReason, Opportunity, Pipeline, Stage
from opportunities.panels import stalled_deals
from opportunities.search import search_deals
from opportunities.setup import ensure_pipeline
from revops.core import clock
from revops.core.errors import IllegalState, InvalidInput, NotAllowed
from revops.core.registries import day_for, hand_over
from revops.users.models import User
from tests.opportunities.builders import make_account, make_deal, win

pytestmark = pytest.mark.django_db


def test_the_command_menu_finds_deals_by_number_start_and_inside(alice: User, charlie: User) -> None:
    deal = make_deal(alice, name="Fleet telemetry", amount=132_000)
    make_deal(alice, name="A fleet card")
    hits = search_deals(alice, "fleet", 8)
    assert [hit.label for hit in hits] == ["Fleet telemetry", "A fleet card"] and hits[0].meta == "$132,000"
    assert [hit.exact for hit in search_deals(alice, f"OPP-{deal.pk}", 8)] == [True]
    assert not search_deals(charlie, "fleet", 8) and not search_deals(charlie, f"OPP-{deal.pk}", 8)
    assert not search_deals(AnonymousUser(), "fleet", 8)


def test_my_day_names_stalled_deals_of_ones_own(alice: User, bob: User) -> None:
    deal = make_deal(alice, name="Forgotten")
    make_deal(alice, name="Fresh")
    Opportunity.objects.filter(pk=deal.pk).update(stage_entered_at=clock.now() - timedelta(days=12))
    (item,) = stalled_deals(alice, clock.today())
    assert item.title == "Forgotten" and "12 days" in item.sub
    assert "Forgotten" in [found.title for found in day_for(alice, clock.today())]
    assert not stalled_deals(bob, clock.today())
    services.plan_on_opportunity(
        opportunity=deal, actor=alice, kind="call", subject="Call", due_at=clock.now() + timedelta(days=1)
    )
    assert not stalled_deals(alice, clock.today())


def test_an_activity_is_seen_by_whoever_sees_the_deal(alice: User, charlie: User, dana: User) -> None:
    deal = make_deal(alice)
    activity = services.log_on_opportunity(opportunity=deal, actor=alice, kind="call", subject="Called")
    assert not Activity.objects.visible_to(charlie).filter(pk=activity.pk).exists()
    services.add_team_member(opportunity=deal, user=charlie, role="Sales engineer", actor=alice)
    assert Activity.objects.visible_to(charlie).filter(pk=activity.pk).exists()
    assert Activity.objects.visible_to(dana).count() == Activity.objects.count()
    services.remove_team_member(opportunity=deal, user=charlie, actor=alice)
    assert not Opportunity.objects.visible_to(charlie).exists()


def test_a_leavers_open_deals_are_handed_over_and_closed_ones_stay(alice: User, bob: User) -> None:
    opened, closed = make_deal(alice), win(make_deal(alice), alice)
    step = hand_over.get("opportunities")
    assert step and step.run(user=alice, to=bob, actor=None) == 1
    opened.refresh_from_db()
    closed.refresh_from_db()
    assert (opened.owner, closed.owner) == (bob, alice)
    assert [split.user for split in opened.splits.all()] == [bob]


def test_the_setup_runs_twice_and_leaves_what_was_changed(db: Any) -> None:
    pipeline = ensure_pipeline()
    pipeline.stages.filter(key="pitch").update(label="Show")
    before = (Stage.objects.count(), LossReason.objects.count(), ApprovalRule.objects.count())
    assert ensure_pipeline() == pipeline and pipeline.stages.get(key="pitch").label == "Show"
    assert (Stage.objects.count(), LossReason.objects.count(), ApprovalRule.objects.count()) == before


def test_another_probability_reaches_the_open_deals_and_an_override_stays(alice: User, olga: User) -> None:
    deal, held = make_deal(alice), make_deal(alice)
    services.set_category(opportunity=held, category="commit", version=None, actor=alice)
    stage = Stage.objects.get(key="engage")
    services.update_stage(stage=stage, version=stage.version, actor=olga, probability=15, category="best_case")
    deal.refresh_from_db()
    held.refresh_from_db()
    assert (deal.probability, deal.category, held.probability, held.category) == (15, "best_case", 15, "commit")
    assert deal.version == 3


def test_what_a_stage_cannot_be_is_refused(alice: User, olga: User) -> None:
    make_deal(alice)
    engage, won = Stage.objects.get(key="engage"), Stage.objects.get(key="closed_won")
    with pytest.raises(InvalidInput, match="none of"):
        services.update_stage(stage=engage, version=None, actor=olga, requires=["colour"])
    with pytest.raises(InvalidInput):
        services.update_stage(stage=won, version=None, actor=olga, probability=90)
    with pytest.raises(IllegalState):
        services.update_stage(stage=engage, version=None, actor=olga, kind="lost", probability=0)
    with pytest.raises(NotAllowed):
        services.update_stage(stage=engage, version=None, actor=alice, probability=1)


def test_one_pipeline_is_the_default(olga: User) -> None:
    first = ensure_pipeline()
    second = services.create_pipeline(actor=olga, name="Partners", is_default=True)
    first.refresh_from_db()
    assert (first.is_default, second.is_default, Pipeline.objects.filter(is_default=True).count()) == (False, True, 1)
    with pytest.raises(IllegalState):
        services.update_pipeline(pipeline=second, version=None, actor=olga, is_default=False)


def test_the_administrator_changes_stages_in_the_admin_through_services(olga: User, alice: User) -> None:
    make_deal(alice)
    pipeline = Pipeline.objects.get()
    client = Client()
    client.force_login(olga)
    for page in ("pipeline", "lossreason", "opportunity", f"pipeline/{pipeline.pk}/change"):
        assert client.get(f"/admin/opportunities/{page}/").status_code == 200, page
    page = client.get(f"/admin/opportunities/pipeline/{pipeline.pk}/change/")
    data: dict[str, Any] = {"name": pipeline.name, "is_default": "on", "shown_version": pipeline.version}
    formset = page.context["inline_admin_formsets"][0].formset
    data |= {f"{formset.prefix}-{key}": value for key, value in formset.management_form.initial.items()}
    for form in formset.forms:
        for name, field in form.fields.items():
            value = form.get_initial_for_field(field, name)
            value = ",".join(value) if isinstance(value, list) else value
            data[form.add_prefix(name)] = "" if value is None else getattr(value, "pk", value)
    data[f"{formset.prefix}-0-probability"] = "12"
    assert client.post(f"/admin/opportunities/pipeline/{pipeline.pk}/change/", data).status_code == 302
    assert Stage.objects.get(key="engage").probability == 12 and Opportunity.objects.get().probability == 12


def test_an_account_page_gets_the_deals_of_the_account(alice: User) -> None:
    account = make_account(alice)
    make_deal(alice, name="Its deal", account=account)
    make_deal(alice, name="Another's")
    client = Client()
    client.force_login(alice)
    panel = client.get(f"/opportunities/list/?account={account.pk}&panel=1").content.decode()
    assert "Its deal" in panel and "Another's" not in panel and "<html" not in panel
