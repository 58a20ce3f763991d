from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import services
from accounts.models import Account, Territory, TerritoryAssignment, TerritoryChange, TerritoryModel
from accounts.selectors.territories import fitting_rules, places_of
from revops.core import jobs
from revops.core.errors import DomainError, IllegalState, InvalidInput, NotAllowed, StaleCopy
from revops.core.models import AuditEntry
from revops.users.models import User
from tests.accounts.builders import make_account
from tests.cast import make_cast

Facts = tuple[int | None, str | None, int, str]


def territory(name: str) -> Territory:
    return Territory.objects.filter(name=name).first() or services.create_territory(actor=None, name=name)


def plan(
    olga: User, name: str = "Plan", copy_of: TerritoryModel | None = None, **rules: dict[str, Any]
) -> TerritoryModel:
    """A planned model with territories by name."""
    model = services.create_territory_model(actor=olga, name=name, copy_of=copy_of)
    for region, fields in rules.items():
        services.add_territory_rule(model=model, territory=territory(region), actor=olga, **fields)
    return model


def in_force(olga: User, name: str = "Now", **rules: dict[str, Any]) -> TerritoryModel:
    model = services.preview_territory_model(model=plan(olga, name, **rules), actor=olga)
    return services.activate_territory_model(model=model, version=model.version, actor=olga)


def standing() -> dict[int, tuple[Any, ...]]:
    return {
        row[0]: row[1:] for row in Account.objects.values_list("pk", "territory__name", "owner__username", "version")
    }


@pytest.mark.spec("DA-12")
def test_the_highest_priority_wins_and_a_tie_goes_to_nobody(olga: User, alice: User, charlie: User) -> None:
    rhine = make_account(alice, "Rhine", country="Germany", industry="Rail", employees=500)
    danube = make_account(alice, "Danube", country="Austria", industry="Rail", employees=500)
    seine = make_account(alice, "Seine", country="France")
    in_force(
        olga,
        West={"countries": ["Germany"], "priority": 10, "owner": charlie},
        Rail={"industries": ["rail"], "employees_min": 500, "priority": 20},
        Big={"employees_min": 500, "employees_max": 500, "priority": 20},
    )
    assert [standing()[row.pk][:2] for row in (rhine, danube, seine)] == [
        ("West", "charlie"), (None, "alice"), (None, "alice"),
    ]  # fmt: skip
    kinds = dict(TerritoryAssignment.objects.values_list("account__name", "kind"))
    assert kinds == {"Rhine": "rule", "Danube": "tie", "Seine": "none"}


@pytest.mark.spec("DA-12")
def test_activation_changes_exactly_what_the_preview_listed(olga: User, alice: User, bob: User, charlie: User) -> None:
    lands = ("Germany", "France", "Spain", "Italy")
    for number in range(12):
        make_account(alice, f"Account {number:02}", country=lands[number % 4], employees=number * 100)
    gone = services.archive_account(account=make_account(alice, "Gone", country="Spain"), version=None, actor=olga)
    first = in_force(olga, North={"countries": ["Germany", "France"], "owner": bob}, South={"countries": ["Spain"]})
    second = plan(olga, "Next", copy_of=first, Big={"employees_min": 800, "priority": 1, "owner": charlie})
    second = services.preview_territory_model(model=second, actor=olga)
    before, listed = standing(), {}
    for row in TerritoryChange.objects.filter(model=second).select_related("territory_after", "owner_after"):
        listed[row.account_id] = (row.territory_after.name if row.territory_after else None, row.owner_after.username)
    second = services.activate_territory_model(model=second, version=second.version, actor=olga)
    after = standing()
    assert len(listed) == 4  # 800, 900, 1,000 and 1,100 people
    for pk, (region, owner, version) in before.items():
        assert after[pk] == ((*listed[pk], version + 1) if pk in listed else (region, owner, version))
    assert after[gone.pk][0] is None
    assert list(TerritoryModel.objects.order_by("pk").values_list("status", flat=True)) == ["archived", "active"]
    entries = AuditEntry.objects.filter(action="account.changed", facts__territory_model__id=second.pk)
    assert {int(entry.object_id) for entry in entries} == set(listed)
    spain = entries.get(
        object_id=str(next(pk for pk, name in Account.objects.values_list("pk", "name") if name == "Account 10"))
    )
    assert (spain.before["territory"]["label"], spain.after["territory"]["label"]) == ("South", "Big")
    assert (spain.before["owner"]["label"], spain.after["owner"]["label"]) == ("Alice Reed", "Charlie Voss")


@pytest.mark.spec("DA-12")
def test_a_stale_preview_is_refused_and_nothing_happened(olga: User, alice: User) -> None:
    account = make_account(alice, "Rhine", country="Germany")
    model = plan(olga, West={"countries": ["Germany"]})
    with pytest.raises(DomainError) as unseen:
        services.activate_territory_model(model=model, version=None, actor=olga)
    assert unseen.value.code == "no_preview"
    model = services.preview_territory_model(model=model, actor=olga)
    changes: list[Callable[[], Any]] = [
        lambda: services.update_account(account=account, version=None, actor=olga, country="Spain"),
        lambda: make_account(alice, "Elbe", country="Germany"),
        lambda: (
            services.update_account(account=Account.objects.get(name="Elbe"), version=None, actor=olga, tier="A")
            and services.archive_account(account=Account.objects.get(name="Elbe"), version=None, actor=olga)
        ),
    ]
    for change in changes:
        change()
        before = standing()
        with pytest.raises(IllegalState) as stale:
            services.activate_territory_model(model=model, version=model.version, actor=olga)
        assert (stale.value.code, standing()) == ("stale_preview", before)
        model = services.preview_territory_model(model=model, actor=olga)
    with pytest.raises(StaleCopy):
        services.activate_territory_model(model=model, version=1, actor=olga)
    model.refresh_from_db()
    assert model.status == "planning"


def test_a_plan_that_was_redrawn_has_no_preview_and_one_in_force_is_not_redrawn(olga: User, alice: User) -> None:
    model = services.preview_territory_model(model=plan(olga, West={"countries": [" Germany "]}), actor=olga)
    rule = model.rules.get()
    assert rule.countries == ["germany"]
    services.change_territory_rule(rule=rule, version=rule.version, actor=olga, priority=5)
    model.refresh_from_db()
    assert model.previewed_at is None
    model = services.preview_territory_model(model=model, actor=olga)
    model = services.activate_territory_model(model=model, version=model.version, actor=olga)
    rule.refresh_from_db()
    with pytest.raises(IllegalState):
        services.change_territory_rule(rule=rule, version=rule.version, actor=olga, priority=6)
    with pytest.raises(InvalidInput):
        services.add_territory_rule(
            model=plan(olga, "Other"), territory=rule.territory, actor=olga, employees_min=9, employees_max=8
        )
    with pytest.raises(NotAllowed):
        services.preview_territory_model(model=model, actor=alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        TerritoryModel.objects.filter(name="Other").update(status="active", activated_at=model.activated_at)


def test_what_people_placed_by_hand_stays_unless_the_plan_says_otherwise(olga: User, alice: User, bob: User) -> None:
    west, east = territory("West"), territory("East")
    pinned = make_account(alice, "Pinned", country="Germany", territory=east)
    rules = {"West": {"countries": ["germany"], "owner": bob}, "East": {"countries": ["poland"]}}
    in_force(olga, **rules)
    services.run_territory_rules(actor=olga)
    pinned.refresh_from_db()
    assert (pinned.territory, pinned.owner) == (east, alice)
    loose = services.create_territory_model(actor=olga, name="Loose", keeps_hand=False)
    for name, fields in rules.items():
        services.add_territory_rule(model=loose, territory=territory(name), actor=olga, **fields)
    loose = services.preview_territory_model(model=loose, actor=olga)
    services.activate_territory_model(model=loose, version=loose.version, actor=olga)
    pinned.refresh_from_db()
    assert (pinned.territory, pinned.owner) == (west, bob)


@pytest.mark.spec("DA-12")
def test_the_rules_run_as_a_job_and_leave_owners_alone(olga: User, alice: User, bob: User) -> None:
    assert services.run_territory_rules(actor=olga) is None
    in_force(olga, West={"countries": ["Germany"], "owner": bob}, East={"countries": ["Poland"]})
    new = make_account(alice, "New", country="Germany")
    moved = make_account(alice, "Moved", country="Poland")
    job = services.run_territory_rules(actor=olga)
    assert job is not None
    job = jobs.run(str(job.pk))
    assert (job.state, job.counts) == ("done", {"moved": 2})
    services.update_account(account=moved, version=None, actor=alice, country="Germany")
    again = services.run_territory_rules(actor=olga)
    assert again is not None and jobs.run(str(again.pk)).counts == {"moved": 1}
    assert {standing()[row.pk][:2] for row in (new, moved)} == {("West", "alice")}


WORDS = st.sampled_from(["", "Germany", "POLAND", "rail", "Retail"])


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rules=st.lists(
        st.fixed_dictionaries(
            {
                "countries": st.lists(WORDS.filter(bool), max_size=2),
                "industries": st.lists(WORDS.filter(bool), max_size=2),
                "employees_min": st.none() | st.integers(0, 10),
                "priority": st.integers(1, 2),
                "catch_all": st.booleans(),
            }
        ),
        max_size=4,
    ),
    facts=st.lists(st.tuples(WORDS, WORDS, st.none() | st.integers(0, 12)), min_size=1, max_size=4),
)
def test_one_account_and_all_of_them_follow_the_same_rule(olga: User, alice: User, rules: Any, facts: Any) -> None:
    with transaction.atomic():
        drawn = {f"T{number}": fields for number, fields in enumerate(rules)}
        model = in_force(olga, **drawn)
        names = {}
        for number, (country, industry, employees) in enumerate(facts):
            made = make_account(alice, f"A{number}", country=country, industry=industry, employees=employees)
            names[made.pk] = {"country": country, "industry": industry, "employees": employees}
        for account, kind, _before, after, *_owners in places_of(model):
            fits = fitting_rules(names[account])
            assert kind == {0: "none", 1: "rule"}.get(len(fits), "tie")
            assert after == (fits[0].territory_id if len(fits) == 1 else None)
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_of_two_plans_brought_into_force_at_once_one_stays() -> None:
    cast = make_cast()
    make_account(cast.alice, "Rhine", country="Germany")
    models = [
        services.preview_territory_model(
            model=plan(cast.olga, name, **{name: {"countries": ["germany"]}}), actor=cast.olga
        )
        for name in ("One", "Two")
    ]
    barrier, results = Barrier(2), []

    def run(model: TerritoryModel) -> None:
        barrier.wait()
        try:
            results.append(
                services.activate_territory_model(model=model, version=model.version, actor=cast.olga).status
            )
        except IllegalState as error:
            results.append(error.code)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=[model]) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["active", "stale_preview"]
    assert TerritoryModel.objects.filter(status="active").count() == 1


def test_pages_plan_preview_and_bring_into_force(olga: User, alice: User, client: Client) -> None:
    make_account(alice, "Rhine", country="Germany")
    client.force_login(olga)
    assert "No territories are in force" in client.get("/territories/").content.decode()
    client.post("/territories/models/new/", {"name": "Plan", "keeps_hand": "on"})
    model = TerritoryModel.objects.get()
    url = f"/territories/models/{model.pk}/"
    refused = client.post(f"{url}add/", {"priority": 5})
    assert refused.status_code == 422 and "Choose a territory" in refused.content.decode()
    client.post(f"{url}add/", {"new_name": "West", "priority": 5, "countries": "Germany, Austria", "owner": alice.pk})
    rule = model.rules.get()
    assert rule.countries == ["germany", "austria"]
    assert "Countries: Germany, Austria" in client.get(url).content.decode(), "kept small, written as people do"
    client.post(f"/territories/rules/{rule.pk}/", {"priority": 7, "countries": "Germany", "version": rule.version})
    client.post(f"{url}preview/")
    page = client.get(url).content.decode()
    assert "1 account would change" in page and "Gains accounts" in page
    assert f"&territory_after={rule.territory_id}" in page and "_after=None" not in page
    changes = client.get(f"/territories/changes/?model={model.pk}&territory_after={rule.territory_id}").content.decode()
    assert "Rhine" in changes and f"Model: {model.name}" in " ".join(changes.split())
    model.refresh_from_db()
    client.post(f"{url}activate/", {"version": model.version})
    assert "West" in client.get("/territories/").content.decode()
    run = client.post("/territories/run/")
    assert run.status_code == 302 and "/jobs/" in run["Location"]
    other = plan(olga, "Secret plan")
    rule = services.add_territory_rule(model=other, territory=territory("East"), actor=olga)
    client.post(f"/territories/rules/{rule.pk}/remove/", {"version": rule.version})
    assert not other.rules.exists()
    client.force_login(alice)
    seen = client.get("/territories/").content.decode()
    assert "West" in seen and "Secret plan" not in seen
    assert client.get(f"/territories/models/{other.pk}/").status_code == 404
    assert client.get(f"/territories/changes/?model={model.pk}").status_code == 403
    assert client.post(f"{url}preview/").status_code == 403


def test_programs_plan_and_activate_too(olga: User, alice: User, client: Client) -> None:
    account = make_account(alice, "Rhine", country="Germany")
    client.force_login(olga)

    def post(path: str, body: Any = None, **headers: str) -> Any:
        return client.post(f"/api/v1/{path}", body or {}, content_type="application/json", headers=headers)

    model = post("territory-models", {"name": "Plan"}).json()
    west = territory("West").pk
    rule = post("territory-rules", {"model": model["id"], "territory": west, "countries": ["Germany"]})
    assert (rule.status_code, rule.json()["countries"], rule.json()["territory_name"]) == (201, ["germany"], "West")
    changed = client.patch(
        f"/api/v1/territory-rules/{rule.json()['id']}", {"priority": 3}, content_type="application/json"
    )
    assert changed.json()["priority"] == 3
    shown = post(f"territory-models/{model['id']}/preview").json()
    rows = client.get(f"/api/v1/territory-changes?model={model['id']}").json()["results"]
    assert [(row["account"], row["territory_after"]) for row in rows] == [(account.pk, west)]
    assert post(f"territory-models/{model['id']}/activate", **{"If-Match": '"1"'}).status_code == 412
    done = post(f"territory-models/{model['id']}/activate", **{"If-Match": f'"{shown["version"]}"'})
    assert (done.status_code, done.json()["status"]) == (200, "active")
    assert post("territory-models/run").status_code == 202
    renamed = client.patch(f"/api/v1/territory-models/{model['id']}", {"name": "2027"}, content_type="application/json")
    assert renamed.json()["name"] == "2027"
    spare = post("territory-models", {"name": "Spare", "copy_of": model["id"]}).json()
    copied = client.get(f"/api/v1/territory-rules?model={spare['id']}").json()["results"]
    assert [row["territory_name"] for row in copied] == ["West"]
    assert post(f"territory-rules/{copied[0]['id']}/remove").status_code == 204
    client.force_login(alice)
    assert post("territory-models", {"name": "Mine"}).status_code == 403
    assert client.get(f"/api/v1/territory-models/{spare['id']}").status_code == 404
    assert client.get("/api/v1/territory-changes").json()["results"] == []


def test_who_leaves_hands_territories_over(olga: User, alice: User, charlie: User) -> None:
    model = services.preview_territory_model(model=plan(olga, West={"owner": alice}), actor=olga)
    services.hand_over_territories(user=alice, to=charlie, actor=olga)
    assert model.rules.get().owner == charlie
    model.refresh_from_db()
    assert model.previewed_at is None
