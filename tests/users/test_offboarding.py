"""Somebody leaves: what they hold goes to others, and history keeps their name."""

import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts import services as accounts
from accounts.models import Account, Activity, Contact
from accounts.services import create_account, create_contact, plan_activity, update_account
from leads.models import Lead
from opportunities import services as deals
from opportunities.models import Opportunity, OpportunitySplit, OpportunityTeamMember
from orders.models import Order
from postsales.models import SupportCase
from revops.core import clock, jobs
from revops.core.errors import IllegalState, InvalidInput, NotAllowed
from revops.core.models import AuditEntry, JobRun
from revops.users import services
from revops.users.models import ApiToken, Notification, OffboardingRun, TeamMembership, User
from revops.users.selectors.holdings import holdings_of, open_counts
from tests.builders import PASSWORD, make_token, make_user
from tests.cast import Cast, make_cast
from tests.leads.builders import make_handoff, make_lead
from tests.opportunities.builders import make_deal, win
from tests.opportunities.quote_builders import make_quote, open_request, submit
from tests.postsales.builders import make_case

pytestmark = pytest.mark.django_db


def belongings(alice: User) -> None:
    """12 accounts, 37 contacts, 5 open deals."""
    made = [create_account(actor=alice, name=f"Company {number}") for number in range(12)]
    for number in range(37):
        create_contact(actor=alice, account=made[number % 12], last_name=f"Person {number}")
    for number in range(5):
        make_deal(alice, account=made[number])


def run_job(run: OffboardingRun) -> JobRun:
    return jobs.run(str(run.job_id))


@pytest.mark.spec("RO-20", "INV-94")
def test_who_holds_37_contacts_12_accounts_and_5_deals_is_not_deactivated_until_somebody_has_them(cast: Cast) -> None:
    alice = cast.alice
    belongings(alice)
    won = win(make_deal(alice), alice)
    counts = {"accounts": Account.objects.filter(owner=alice).count(), "contacts": 37, "opportunities": 5}
    assert open_counts(alice) == counts
    with pytest.raises(IllegalState, match="Contacts: 37") as refused:
        services.deactivate_user(user=alice, actor=cast.olga)
    assert refused.value.facts["held"] == counts
    alice.refresh_from_db()
    assert alice.is_active and Contact.objects.filter(owner=alice).count() == 37

    run = services.start_offboarding(user=alice, to=cast.bob, actor=cast.olga)
    assert run_job(run).state == JobRun.State.DONE
    alice.refresh_from_db()
    run.refresh_from_db()
    assert not alice.is_active and run.moved == counts
    for model in (Account, Contact):
        assert not model._default_manager.filter(owner=alice).exists()
        assert model._default_manager.filter(owner=cast.bob).count() >= 12
    assert not Opportunity.objects.open().filter(owner=alice).exists()
    assert open_counts(alice) == {}
    # What was closed stays hers, and every history goes on saying her name.
    won.refresh_from_db()
    assert won.owner == alice and won.splits.get().user == alice
    page = AuditEntry.objects.filter(model="accounts.account", action="account.changed").order_by("pk")[0]
    assert page.before["owner"] == {"id": alice.pk, "label": str(alice)}
    assert AuditEntry.objects.filter(model="accounts.account", action="account.created", actor=alice).count() >= 12


@pytest.mark.spec("RO-20")
def test_the_pages_go_on_showing_the_name_of_who_left(cast: Cast, client: Client) -> None:
    deal = make_deal(cast.alice)
    deals.log_on_opportunity(opportunity=deal, actor=cast.alice, kind="call", subject="She called them")
    run_job(services.start_offboarding(user=cast.alice, to=cast.bob, actor=cast.olga))
    client.force_login(cast.bob)
    page = client.get(deal.get_absolute_url()).content.decode()
    assert "She called them" in page and str(cast.alice) in page


@pytest.mark.spec("INV-94")
def test_everything_open_of_every_room_goes_over_and_nothing_is_left(cast: Cast, client: Client) -> None:
    alice, bob = cast.alice, cast.bob
    account = create_account(actor=alice, name="Halvorsen")
    plan_activity(actor=alice, kind="call", subject="Ring", due_at=clock.now(), account=account)
    done = accounts.log_activity(actor=alice, kind="call", subject="Rang", account=account)
    lead = make_lead(alice)
    handoff = make_handoff(cast.sam, alice)
    make_case(account, "Leak", owner=alice)
    quote = submit(make_quote(cast.charlie, 100_000, 22, deal=make_deal(cast.charlie)), cast.charlie)
    step = open_request(quote).steps.get()
    assert step.approver is not None
    other = make_deal(bob)
    deals.set_splits(
        opportunity=other,
        version=None,
        actor=bob,
        splits=[{"user": bob, "percent": Decimal(60)}, {"user": alice, "percent": Decimal(40)}],
    )
    deals.add_team_member(opportunity=other, user=alice, role="Helper", actor=bob)
    token = ApiToken.objects.create(user=alice, name="Hers", prefix="rvo", digest="x")
    client.login(username="alice", password=PASSWORD)
    run_job(services.start_offboarding(user=alice, to=cast.dana, others={"leads": bob}, actor=cast.olga))
    assert not any(held.count for held in holdings_of(alice))
    lead.refresh_from_db()
    handoff.refresh_from_db()
    done.refresh_from_db()
    token.refresh_from_db()
    assert (lead.owner, handoff.status, done.owner) == (bob, "expired", alice)
    assert lead.assignments.get(is_current=True).user == bob
    assert SupportCase.objects.get().owner == cast.dana
    assert Activity.objects.planned().get(subject="Ring").owner == cast.dana
    assert set(other.splits.values_list("user__username", "percent")) == {("bob", 60), ("dana", 40)}
    assert OpportunityTeamMember.objects.get(opportunity=other).user == cast.dana
    assert token.revoked_at is not None
    assert "/login/" in client.get("/accounts/")["Location"]
    told = Notification.objects.filter(kind="offboarding.received").values_list("user__username", "body")
    assert dict(told)["bob"] == "Open leads: 1" and "dana" in dict(told)


def test_two_shares_of_one_deal_become_one(cast: Cast) -> None:
    deal = make_deal(cast.alice, amount=Decimal("1000.01"))
    deals.set_splits(
        opportunity=deal,
        version=None,
        actor=cast.alice,
        splits=[{"user": cast.alice, "percent": Decimal(70)}, {"user": cast.bob, "percent": Decimal(30)}],
    )
    run_job(services.start_offboarding(user=cast.alice, to=cast.bob, actor=cast.olga))
    row = OpportunitySplit.objects.get(opportunity=deal)
    assert (row.user, row.percent, row.amount) == (cast.bob, 100, Decimal("1000.01"))


def test_an_approval_never_waits_for_whoever_submitted(cast: Cast) -> None:
    quote = submit(make_quote(cast.alice, 100_000, 22), cast.alice)
    step = open_request(quote).steps.get()
    assert step.approver == cast.bob
    run_job(services.start_offboarding(user=cast.bob, to=cast.alice, actor=cast.olga))
    step.refresh_from_db()
    assert (step.approver, step.role) == (None, "Executive")


def test_a_team_has_its_new_manager_from_today_on_and_keeps_its_past(cast: Cast) -> None:
    run_job(services.start_offboarding(user=cast.bob, to=cast.dana, actor=cast.olga))
    rows = TeamMembership.objects.filter(team=cast.west, role="manager", during__contains=clock.today())
    assert [row.user for row in rows] == [cast.dana]
    assert TeamMembership.objects.filter(team=cast.west, role="manager", user=cast.bob).count() == 1


def test_a_job_that_runs_twice_and_one_that_was_killed_hand_over_once(cast: Cast) -> None:
    for number in range(7):
        create_account(actor=cast.alice, name=f"Company {number}")
    run = services.start_offboarding(user=cast.alice, to=cast.bob, actor=cast.olga)
    job = JobRun.objects.get(pk=run.job_id)
    with pytest.raises(RuntimeError), transaction.atomic():
        services.step_offboarding(job=job)
        raise RuntimeError  # killed before its commit
    assert Account.objects.filter(owner=cast.alice).count() == 7
    run_job(run)
    run_job(run)
    run.refresh_from_db()
    assert run.moved == {"accounts": 7}
    assert AuditEntry.objects.filter(model="accounts.account", action="account.changed").count() == 7


def test_what_comes_in_while_the_job_runs_is_handed_over_too(cast: Cast) -> None:
    run = services.start_offboarding(user=cast.alice, to=cast.bob, actor=cast.olga)
    late = create_account(actor=cast.alice, name="At the last moment")
    assert run_job(run).state == JobRun.State.DONE
    late.refresh_from_db()
    assert late.owner == cast.bob


def test_who_may_not_and_to_whom_it_may_not_go(cast: Cast) -> None:
    create_account(actor=cast.alice, name="Company")
    gone = make_user("gone")
    services.deactivate_user(user=gone, actor=cast.olga)
    gone.refresh_from_db()
    with pytest.raises(NotAllowed):
        services.start_offboarding(user=cast.alice, to=cast.bob, actor=cast.bob)
    for wrong in (None, cast.alice, gone):
        with pytest.raises(InvalidInput):
            services.start_offboarding(user=cast.alice, to=wrong, actor=cast.olga)
    with pytest.raises(InvalidInput):
        services.start_offboarding(user=cast.olga, to=cast.bob, actor=cast.olga)
    with pytest.raises(InvalidInput):
        services.start_offboarding(user=cast.alice, to=cast.bob, others={"weather": cast.bob}, actor=cast.olga)
    services.start_offboarding(user=cast.alice, to=cast.bob, actor=cast.olga)
    with pytest.raises(IllegalState):
        services.start_offboarding(user=cast.alice, to=cast.bob, actor=cast.olga)
    assert Account.objects.get().owner == cast.alice


# The database's own word ------------------------------------------------------------------------


@pytest.mark.spec("INV-94")
def test_nothing_open_can_be_given_to_whoever_left_not_even_past_the_services(cast: Cast) -> None:
    account = create_account(actor=cast.bob, name="Company")
    contact = create_contact(actor=cast.bob, account=account, last_name="Person")
    deal, lead, case = make_deal(cast.bob), make_lead(cast.bob), make_case(account, "Leak", owner=cast.bob)
    activity = plan_activity(actor=cast.bob, kind="call", subject="Ring", due_at=clock.now(), account=account)
    lost = win(make_deal(cast.bob), cast.bob)
    services.deactivate_user(user=cast.charlie, actor=cast.olga)
    for record in (account, contact, deal, lead, case, activity):
        with pytest.raises(IntegrityError, match="has left"), transaction.atomic():
            type(record)._base_manager.filter(pk=record.pk).update(owner=cast.charlie)  # type: ignore[attr-defined]
    with pytest.raises(IntegrityError, match="has left"), transaction.atomic():
        Account.objects.bulk_create([Account(name="New", name_key="new", owner=cast.charlie)])
    # Closed history may be theirs; opening it again may not.
    Opportunity.objects.filter(pk=lost.pk).update(owner=cast.charlie)
    with pytest.raises(IntegrityError, match="has left"), transaction.atomic():
        Opportunity.objects.filter(pk=lost.pk).update(status="open", closed_on=None)
    assert Order.objects.filter(owner=cast.charlie).count() == 0


@pytest.mark.spec("INV-94")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["assign", "farewell"])
def test_an_assignment_and_a_farewell_at_once_never_leave_an_open_record_behind(first: str) -> None:
    cast = make_cast()
    mine = [create_account(actor=cast.bob, name=f"Company {number}") for number in range(4)]
    start = threading.Barrier(5)
    outcome: list[str] = []

    def give(account: Account) -> None:
        start.wait()
        try:
            update_account(account=account, version=None, actor=cast.bob, owner=cast.charlie)
            outcome.append("given")
        except (IntegrityError, InvalidInput):
            outcome.append("refused")
        finally:
            connection.close()

    def leave() -> None:
        start.wait()
        if first == "assign":
            threading.Event().wait(0.02)
        try:
            services.deactivate_user(user=cast.charlie, actor=cast.olga)
            outcome.append("left")
        except IllegalState:
            outcome.append("stays")
        finally:
            connection.close()

    threads = [threading.Thread(target=give, args=(account,)) for account in mine]
    threads.append(threading.Thread(target=leave))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcome) == 5
    gone = not User.objects.get(pk=cast.charlie.pk).is_active
    assert gone == ("left" in outcome)
    assert not (gone and Account.objects.filter(owner=cast.charlie).exists())


@pytest.mark.spec("INV-94")
@pytest.mark.django_db(transaction=True)
def test_an_assignment_waits_for_a_farewell_that_is_under_way_and_is_refused() -> None:
    cast = make_cast()
    account = create_account(actor=cast.bob, name="Company")
    result: list[str] = []

    def give() -> None:
        try:
            Account.objects.filter(pk=account.pk).update(owner_id=cast.charlie.pk)
            result.append("given")
        except IntegrityError as error:
            result.append(str(error))
        finally:
            connection.close()

    with transaction.atomic():
        services.deactivate_user(user=cast.charlie, actor=cast.olga)
        thread = threading.Thread(target=give)
        thread.start()
        thread.join(timeout=0.5)
        assert thread.is_alive() and not result
    thread.join()
    assert "has left" in result[0]
    account.refresh_from_db()
    assert account.owner == cast.bob


# Doors ---------------------------------------------------------------------------------------------


def test_the_page_lists_what_is_held_and_starts_the_job(cast: Cast, client: Client) -> None:
    create_account(actor=cast.alice, name="Company")
    address = reverse("offboarding", args=[cast.alice.pk])
    client.force_login(cast.alice)
    assert client.get(address).status_code == 403
    client.force_login(cast.olga)
    page = client.get(address).content.decode()
    assert "Accounts" in page and "Planned activities" in page
    answer = client.post(address, {"to": "", "version": cast.alice.version})
    assert answer.status_code == 422 and "Say who takes these" in answer.content.decode()
    answer = client.post(address, {"to": cast.bob.pk, "version": cast.alice.version})
    run = OffboardingRun.objects.get()
    assert answer["Location"] == reverse("core:job", args=[run.job_id])
    run_job(run)
    assert "has left" in client.get(address).content.decode()


def test_a_stale_page_starts_nothing(cast: Cast, client: Client) -> None:
    client.force_login(cast.olga)
    shown = cast.alice.version
    services.update_user(user=cast.alice, actor=cast.olga, title="Director")
    answer = client.post(reverse("offboarding", args=[cast.alice.pk]), {"to": cast.bob.pk, "version": shown})
    assert answer.status_code == 409
    assert not OffboardingRun.objects.exists()


def test_the_action_in_admin_says_why_not(cast: Cast, client: Client) -> None:
    create_account(actor=cast.alice, name="Company")
    client.force_login(cast.olga)
    data = {"action": "deactivate", "_selected_action": [cast.alice.pk]}
    page = client.post("/admin/users/user/", data, follow=True).content.decode()
    assert "Accounts: 1" in page
    for place in ("/admin/users/user/", f"/admin/users/user/{cast.alice.pk}/change/"):
        assert reverse("offboarding", args=[cast.alice.pk]) in client.get(place).content.decode()
    assert client.get("/admin/users/user/add/").status_code == 200
    cast.alice.refresh_from_db()
    assert cast.alice.is_active


def test_the_api_counts_starts_and_refuses(cast: Cast) -> None:
    create_account(actor=cast.alice, name="Company")

    def api(user: User) -> Any:
        return APIClient(headers={"Authorization": f"Bearer {make_token(user)}"})

    admin, rep = api(cast.olga), api(cast.charlie)
    address = f"/api/v1/users/{cast.alice.pk}"
    assert rep.get(f"{address}/holdings").status_code == 403
    assert rep.post(f"{address}/offboard", {"to": cast.bob.pk}).status_code == 403
    held = {one["kind"]: one["count"] for one in admin.get(f"{address}/holdings").json()["results"]}
    assert held["accounts"] == 1 and held["contacts"] == 0
    refused = admin.post(f"{address}/offboard", {})
    assert refused.status_code == 422 and refused.json()["errors"][0]["pointer"] == "accounts"
    assert admin.post(f"{address}/offboard", {"to": 999_999}).status_code == 422
    answer = admin.post(f"{address}/offboard", {"to": cast.dana.pk, "others": {"accounts": cast.bob.pk}})
    assert answer.status_code == 202 and "/jobs/" in answer["Location"]
    jobs.run(answer.json()["id"])
    assert Account.objects.get().owner == cast.bob
    assert not Lead.objects.exists()


def test_giving_something_to_whoever_left_is_refused_in_words_at_every_door(cast: Cast, client: Client) -> None:
    account = create_account(actor=cast.alice, name="Company")
    services.deactivate_user(user=cast.charlie, actor=cast.olga)
    api = APIClient(headers={"Authorization": f"Bearer {make_token(cast.olga)}"})
    answer = api.patch(f"/api/v1/accounts/{account.pk}", {"owner": cast.charlie.pk})
    assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "owner"
    assert "has left" in answer.json()["detail"]
    made = api.post("/api/v1/accounts", {"name": "Another", "owner": cast.charlie.pk})
    assert made.status_code == 422
    account.refresh_from_db()
    assert account.owner == cast.alice and Account.objects.count() == 1
