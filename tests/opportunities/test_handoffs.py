"""Accepting a handoff and converting a lead: account, contact and deal come together, once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import services as accounts
from accounts.models import Account, Contact
from leads import services as leads
from leads.models import Handoff, Lead
from opportunities import services
from opportunities.models import Opportunity
from opportunities.setup import ensure_pipeline
from revops.core import clock
from revops.core.errors import DomainError, IllegalState, NotAllowed, StaleCopy
from revops.users.models import Notification, User
from tests.cast import make_cast
from tests.leads.builders import make_handoff, make_lead, make_qualified_lead


@pytest.fixture
def handoff(db: Any, sam: User, alice: User) -> Handoff:
    ensure_pipeline()
    return make_handoff(
        sam, alice, company="Halvorsen Logistics", email="ingrid@halvorsen.example", last_name="Halvorsen"
    )


def made() -> tuple[int, int, int]:
    return Account.objects.count(), Contact.objects.count(), Opportunity.objects.count()


@pytest.mark.spec("SD-13", "INV-74")
def test_accepting_makes_account_contact_and_deal_and_keeps_the_sdr_on_the_team(
    handoff: Handoff, alice: User, sam: User
) -> None:
    deal = services.accept_handoff(handoff=handoff, version=handoff.version, actor=alice)
    lead = Lead.objects.get(pk=handoff.lead_id)
    assert (deal.owner, deal.name, deal.account.name) == (alice, "Halvorsen Logistics", "Halvorsen Logistics")
    assert (lead.status, lead.account, lead.contact, lead.opportunity) == (
        "converted",
        deal.account,
        deal.contact,
        deal,
    )
    assert deal.contact.last_name == "Halvorsen" and deal.contact.email == "ingrid@halvorsen.example"
    assert [(member.user, member.role) for member in deal.team.all()] == [(sam, "SDR")]
    assert Opportunity.objects.visible_to(sam).filter(pk=deal.pk).exists()
    assert [(split.user, split.percent) for split in deal.splits.all()] == [(alice, 100)]


@pytest.mark.spec("SD-13", "INV-74")
def test_accepting_again_returns_the_same_ids_whatever_version_is_shown(handoff: Handoff, alice: User) -> None:
    first = services.accept_handoff(handoff=handoff, version=handoff.version, actor=alice)
    before = made()
    again = services.accept_handoff(handoff=handoff, version=handoff.version, actor=alice)
    assert (again.pk, again.account_id, again.contact_id) == (first.pk, first.account_id, first.contact_id)
    assert made() == before


def test_the_one_account_of_the_domain_is_reused_and_two_are_not_guessed_between(
    sam: User, alice: User, charlie: User
) -> None:
    ensure_pipeline()
    known = accounts.create_account(actor=charlie, name="Orchid", owner=charlie, website="https://orchid.example")
    deal = services.accept_handoff(
        handoff=make_handoff(sam, alice, company="Orchid Health", email="a@orchid.example"), version=None, actor=alice
    )
    assert deal.account == known
    assert Notification.objects.filter(user=charlie, kind="duplicate.hidden", url=known.get_absolute_url()).count() == 1
    accounts.create_account(
        actor=charlie, name="Orchid South", owner=charlie, website="https://orchid.example", allow_duplicate=True
    )
    other = services.accept_handoff(
        handoff=make_handoff(sam, alice, company="Orchid West", email="b@orchid.example", allow_duplicate=True),
        version=None,
        actor=alice,
    )
    assert other.account.name == "Orchid West"


def test_the_manager_may_take_over_but_neither_the_sender_nor_a_stranger(
    handoff: Handoff, bob: User, sam: User, charlie: User
) -> None:
    before = made()
    for outsider in (sam, charlie):
        with pytest.raises(NotAllowed):
            services.accept_handoff(handoff=handoff, version=None, actor=outsider)
    assert made() == before and Lead.objects.get(pk=handoff.lead_id).status == "qualified"
    assert services.accept_handoff(handoff=handoff, version=None, actor=bob).owner == bob


def test_a_rejected_handoff_and_a_stale_copy_make_nothing(handoff: Handoff, alice: User) -> None:
    before = made()
    with pytest.raises(StaleCopy):
        services.accept_handoff(handoff=handoff, version=handoff.version + 1, actor=alice)
    leads.reject_handoff(handoff=handoff, reason="No budget", version=handoff.version, actor=alice)
    with pytest.raises(IllegalState):
        services.accept_handoff(handoff=handoff, version=None, actor=alice)
    assert made() == before


def test_a_rep_converts_his_own_qualified_lead_and_again_gets_the_same(alice: User) -> None:
    ensure_pipeline()
    lead = make_qualified_lead(alice)
    deal = services.convert_lead(lead=lead, version=lead.version, actor=alice)
    assert deal.lead == lead and not deal.team.exists()
    assert services.convert_lead(lead=lead, version=lead.version, actor=alice).pk == deal.pk


def test_an_unqualified_lead_and_somebody_elses_are_not_converted(alice: User, charlie: User, sam: User) -> None:
    ensure_pipeline()
    working, theirs = make_lead(alice), make_qualified_lead(charlie)
    before = made()
    with pytest.raises(IllegalState):
        services.convert_lead(lead=working, version=None, actor=alice)
    with pytest.raises(NotAllowed):
        services.convert_lead(lead=theirs, version=None, actor=alice)
    with pytest.raises(NotAllowed):
        services.convert_lead(lead=make_qualified_lead(sam), version=None, actor=sam)
    assert made() == before


def test_a_lead_that_waits_for_an_answer_is_not_converted_past_it(handoff: Handoff, bob: User) -> None:
    with pytest.raises(IllegalState, match="waits"):
        services.convert_lead(lead=handoff.lead, version=None, actor=bob)


def test_the_buttons_of_inbox_and_lead_open_the_deal(handoff: Handoff, alice: User, charlie: User) -> None:
    url, client = f"/handoffs/{handoff.pk}/accept/", Client()
    client.force_login(charlie)
    assert client.post(url, {"version": handoff.version}).status_code == 404
    client.force_login(alice)
    first = client.post(url, {"version": handoff.version})
    assert first["Location"] == client.post(url, {"version": handoff.version})["Location"]
    assert client.get(first["Location"]).status_code == 200
    lead = make_qualified_lead(alice)
    converted = client.post(f"/leads/{lead.pk}/convert/", {"version": lead.version})
    assert converted["Location"] == f"/opportunities/{Lead.objects.get(pk=lead.pk).opportunity.pk}/"


TURNS = ["accept", "accept", "convert", "break", "reject", "withdraw", "expire", "qualify", "submit"]


class Way:
    """A lead that two people push about; whatever they do, it is converted exactly when its three records are there."""

    def __init__(self, sam: User, alice: User) -> None:
        self.sam, self.alice = sam, alice
        self.handoff = make_handoff(sam, alice)
        self.before = made()

    @property
    def lead(self) -> Lead:
        return Lead.objects.get(pk=self.handoff.lead_id)

    def accept(self) -> None:
        services.accept_handoff(handoff=self.handoff, version=None, actor=self.alice)

    def convert(self) -> None:
        services.convert_lead(lead=self.lead, version=None, actor=self.alice)

    def break_(self) -> None:
        """The last of the three is there, and then something goes wrong."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("opportunities.services.handoffs.carry_needs", _breaks)
            self.accept()

    def reject(self) -> None:
        leads.reject_handoff(handoff=self.handoff, reason="No", version=None, actor=self.alice)

    def withdraw(self) -> None:
        leads.withdraw_handoff(handoff=self.handoff, version=None, actor=self.sam)

    def expire(self) -> None:
        with clock.at(self.handoff.expires_at):
            leads.expire_handoff(handoff=self.handoff)

    def qualify(self) -> None:
        leads.qualify_lead(lead=self.lead, version=None, actor=self.sam)

    def submit(self) -> None:
        self.handoff = leads.submit_handoff(lead=self.lead, to_user=self.alice, version=None, actor=self.sam)

    def check(self) -> None:
        lead, deals = self.lead, Opportunity.objects.filter(lead=self.handoff.lead_id)
        converted = lead.status == Lead.Status.CONVERTED
        assert converted == (deals.count() == 1) == (lead.account_id is not None) == (lead.contact_id is not None)
        assert made() == tuple(count + converted for count in self.before)


def _breaks(**_facts: Any) -> None:
    raise RuntimeError("the power is gone")


@pytest.mark.spec("INV-74")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turns=st.lists(st.sampled_from(TURNS), min_size=2, max_size=7))
def test_whatever_is_tried_a_lead_is_converted_exactly_when_account_contact_and_deal_are_there(
    sam: User, alice: User, turns: list[str]
) -> None:
    ensure_pipeline()
    with transaction.atomic():
        way = Way(sam, alice)
        for turn in turns:
            try:
                with transaction.atomic():
                    getattr(way, "break_" if turn == "break" else turn)()
            except (DomainError, RuntimeError):
                pass
            way.check()
        transaction.set_rollback(True)


def _together(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls in threads that start at the same moment; exceptions are results."""
    barrier, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number: int) -> None:
        try:
            barrier.wait()
            results[number] = calls[number]()
        except Exception as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.spec("SD-13", "INV-74")
@pytest.mark.django_db(transaction=True)
def test_two_workers_that_accept_at_the_same_moment_make_one_deal() -> None:
    cast = make_cast()
    ensure_pipeline()
    handoff = make_handoff(cast.sam, cast.alice)
    calls = [
        lambda: services.accept_handoff(handoff=Handoff.objects.get(pk=handoff.pk), version=1, actor=cast.alice).pk
    ] * 4
    keys = _together(*calls)
    assert len(set(keys)) == 1 and isinstance(keys[0], int)
    assert made() == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_people_of_one_company_accepted_at_the_same_moment_share_one_account() -> None:
    cast = make_cast()
    ensure_pipeline()
    pair = [
        make_handoff(cast.sam, cast.alice, company="Tallis", email=f"{who}@tallis.example", allow_duplicate=True)
        for who in ("ann", "ben")
    ]
    _together(
        *[lambda h=handoff: services.accept_handoff(handoff=h, version=None, actor=cast.alice) for handoff in pair]
    )
    assert made() == (1, 2, 2)
    assert connection.is_usable()
