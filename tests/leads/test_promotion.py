"""Promotion partners: one claim to a company at a time, and a view that shows a partner its own and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from time_machine import travel

from leads import services
from leads.models import DealRegistration, PartnerContact, PromotionPartner
from leads.setup import ensure_leads
from leads.tasks import expire_registrations
from revops.core import clock
from revops.core.errors import IllegalState, InvalidInput, MissingFields, NotAllowed, StaleCopy
from revops.core.models import OutboxEvent
from revops.core.templatetags.frame import day
from revops.users import services as users
from revops.users.models import User
from tests.architecture.addresses import addresses
from tests.cast import Cast
from tests.leads.builders import answered, make_lead

FACTS = {
    "company": "Halden Freight Inc",
    "website": "https://halden.example",
    "contact_name": "Kim Moe",
    "email": "kim@halden.example",
}
PASSWORD = "a-long-partner-word-1"


def make_partner(actor: Any, name: str = "North Star", **fields: Any) -> PromotionPartner:
    ensure_leads()
    return services.create_partner(actor=actor, name=name, **fields)


def make_person(partner: PromotionPartner, actor: Any, name: str = "Pia Berg") -> User:
    """Somebody of the partner with a login."""
    address = f"{name.split()[0].lower()}@{partner.name.replace(' ', '').lower()}.example"
    contact = services.add_partner_contact(partner=partner, actor=actor, name=name, email=address)
    found = services.open_partner_view(contact=contact, actor=actor, password=PASSWORD).user
    assert found is not None
    return found


def approved(partner: PromotionPartner, actor: Any, **facts: Any) -> DealRegistration:
    row = services.register_deal(partner=partner, actor=actor, **{**FACTS, **facts})
    return services.approve_registration(registration=row, version=row.version, actor=actor)


@pytest.mark.spec("SD-08")
def test_the_second_partner_is_rejected_with_the_day_until_which_the_company_is_protected(cast: Cast) -> None:
    one, two = make_partner(cast.bob), make_partner(cast.bob, "South Star")
    first = services.register_deal(partner=one, actor=cast.bob, **FACTS)
    until = clock.today() + timedelta(days=90)
    assert (first.status, first.protected_until) == ("submitted", until)
    for facts in ({}, {"company": "HALDEN Freight", "website": "", "email": "x@gmail.com"}, {"company": "Other name"}):
        second = services.register_deal(partner=two, actor=cast.bob, **{**FACTS, **facts})
        assert (second.status, second.reason) == ("rejected", f"protected_until={until.isoformat()}")
        event = OutboxEvent.objects.filter(name="leads.RegistrationDecided").latest("pk")
        assert event.payload == {"registration_id": second.pk, "status": "rejected"}
    with pytest.raises(IllegalState):  # its own, twice
        services.register_deal(partner=one, actor=cast.bob, **FACTS)
    # Past the services the database says the same.
    with pytest.raises(DatabaseError), transaction.atomic():
        DealRegistration.objects.filter(partner=two).update(status="submitted")


@pytest.mark.spec("SD-08")
@pytest.mark.django_db(transaction=True)
def test_partners_who_register_one_company_in_the_same_second_leave_one_claim(request: pytest.FixtureRequest) -> None:
    cast: Cast = request.getfixturevalue("cast")
    partners = [make_partner(cast.bob, f"Partner {number}") for number in range(4)]

    def claim(partner: PromotionPartner) -> str:
        try:
            return services.register_deal(partner=partner, actor=cast.bob, **FACTS).status
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(claim, partners))
    assert found == ["rejected", "rejected", "rejected", "submitted"]
    assert DealRegistration.objects.protecting().count() == 1


def test_once_it_is_rejected_or_its_days_are_over_somebody_else_may_come(cast: Cast) -> None:
    one, two = make_partner(cast.bob), make_partner(cast.bob, "South Star")
    first = services.register_deal(partner=one, actor=cast.bob, **FACTS)
    services.reject_registration(registration=first, version=first.version, actor=cast.bob, reason="Our customer")
    second = services.register_deal(partner=two, actor=cast.bob, **FACTS)
    assert second.status == "submitted"
    later = clock.now() + timedelta(days=91)
    with travel(later, tick=False):
        assert services.register_deal(partner=one, actor=cast.bob, **FACTS).status == "submitted"
        with pytest.raises(IllegalState):  # too late for a yes
            services.approve_registration(registration=second, version=second.version, actor=cast.bob)


@pytest.mark.spec("SD-08")
def test_approved_ones_expire_daily_the_day_after_their_last_and_once(cast: Cast) -> None:
    row = approved(make_partner(cast.bob), cast.bob)
    at = clock.now()
    with travel(at + timedelta(days=90), tick=False):
        expire_registrations()
        row.refresh_from_db()
        assert row.status == "approved"
    with travel(at + timedelta(days=91), tick=False):
        expire_registrations()
        expire_registrations()
    row.refresh_from_db()
    assert row.status == "expired"
    expired = OutboxEvent.objects.filter(name="leads.RegistrationDecided", payload__status="expired")
    assert expired.count() == 1


def test_a_yes_makes_a_lead_or_takes_the_one_that_is_there_and_conversion_keeps_it(cast: Cast) -> None:
    from opportunities.services import convert_lead
    from opportunities.setup import ensure_pipeline

    ensure_pipeline()
    partner = make_partner(cast.bob)
    row = approved(partner, cast.bob)
    assert row.lead is not None
    assert (row.lead.company, row.lead.source, row.lead.email) == (
        FACTS["company"],
        "promotion_partner",
        FACTS["email"],
    )
    known = make_lead(cast.alice, email="ida@other.example", competition="None", next_step="Meet")
    other = approved(partner, cast.bob, company="Other Ltd", website="https://other.example", email="ida@other.example")
    assert other.lead == known
    lead = answered(known, cast.alice)
    lead = services.qualify_lead(lead=lead, version=lead.version, actor=cast.alice)
    convert_lead(lead=lead, version=lead.version, actor=cast.alice)
    other.refresh_from_db()
    assert other.status == "converted" and other.converted_at is not None
    with travel(clock.now() + timedelta(days=200), tick=False):
        expire_registrations()
    other.refresh_from_db()
    assert other.status == "converted"


def test_what_makes_no_sense_is_refused_and_nothing_is_written(cast: Cast) -> None:
    partner = make_partner(cast.bob)
    for facts in (
        {"company": " "},
        {"email": "nobody"},
        {"contact_name": ""},
        {"amount": Decimal(-1)},
        {"currency": "XXQ"},
    ):
        with pytest.raises(InvalidInput) as refused:
            services.register_deal(partner=partner, actor=cast.bob, **{**FACTS, **facts})
        assert refused.value.errors[0].pointer in facts
    with pytest.raises(NotAllowed):
        services.register_deal(partner=partner, actor=cast.erin, **FACTS)
    with pytest.raises(InvalidInput):
        make_partner(cast.bob, "NORTH STAR")
    with pytest.raises(InvalidInput):
        make_partner(cast.bob, "Dear", fee_pct=Decimal(101))
    assert not DealRegistration.objects.exists()
    row = services.register_deal(partner=partner, actor=cast.bob, **FACTS)
    with pytest.raises(MissingFields):
        services.reject_registration(registration=row, version=row.version, actor=cast.bob, reason=" ")
    with pytest.raises(NotAllowed):
        services.approve_registration(registration=row, version=row.version, actor=cast.alice)
    done = services.approve_registration(registration=row, version=row.version, actor=cast.bob)
    with pytest.raises(StaleCopy):
        services.reject_registration(registration=row, version=row.version, actor=cast.bob, reason="No")
    with pytest.raises(IllegalState):
        services.approve_registration(registration=done, version=done.version, actor=cast.bob)


# The partner's own view ----------------------------------------------------------------------


@pytest.mark.spec("SD-08", "INV-92")
def test_a_partner_sees_its_own_and_another_partners_lead_is_404(cast: Cast, client: Client) -> None:
    one, two = make_partner(cast.bob), make_partner(cast.bob, "South Star")
    mine, theirs = (
        approved(one, cast.bob),
        approved(two, cast.bob, company="Zanzibar Ltd", website="", email="z@zan.example"),
    )
    make_lead(cast.alice, company="Quite Secret")
    client.force_login(make_person(one, cast.bob))
    home = client.get("/partner/").content.decode()
    assert "Halden Freight Inc" in home and "Zanzibar" not in home and "Quite Secret" not in home
    for row, status in ((mine, 200), (theirs, 404)):
        assert client.get(reverse("partner-lead", args=[row.lead_id])).status_code == status
        assert client.get(reverse("partner-registration", args=[row.pk])).status_code == status
    answer = client.post(
        reverse("partner-register"),
        {**FACTS, "company": "Fresh Co", "website": "", "email": "f@fresh.example", "currency": "USD"},
    )
    assert answer.status_code == 302
    made = DealRegistration.objects.get(company="Fresh Co")
    assert made.partner == one and made.submitted_by == client_user(client)
    protected = client.post(
        reverse("partner-register"),
        {**FACTS, "company": "Zanzibar Ltd", "website": "", "email": "a@b.example", "currency": "USD"},
        follow=True,
    )
    told = f"An earlier registration protects this company until {day(theirs.protected_until)}."
    assert told in protected.content.decode() and "protected_until=" not in protected.content.decode()
    assert "South Star" not in protected.content.decode()


def client_user(client: Client) -> User:
    return User.objects.get(pk=client.session["_auth_user_id"])


@pytest.mark.spec("SD-08", "INV-92")
def test_nothing_but_the_partners_view_opens_for_a_partner(cast: Cast, client: Client) -> None:
    partner = make_partner(cast.bob)
    person = make_person(partner, cast.bob)
    lead = make_lead(cast.alice, company="Quite Secret")
    client.force_login(person)
    own = {"partner-home", "partner-register", "partner-lead", "partner-registration", "intake-form", "offline"}
    own |= {"home", "healthz", "readyz", "metrics"}
    walked = [one for one in addresses() if one.name not in own and not one.name.startswith("account_")]
    assert len(walked) > 200
    for place, address in enumerate(walked):
        for method in ("get",) if place % 4 else ("get", "post"):
            answer = getattr(client, method)(address.path)
            assert answer.status_code == 404, (method, address.name, answer.status_code)
            assert "Quite Secret" not in answer.content.decode()
    assert client.get(lead.get_absolute_url()).status_code == 404
    assert client.get("/admin/").status_code == 404
    assert client.get("/")["Location"] == "/partner/"
    assert client.get("/account/email/").status_code == 404


def test_no_colleague_opens_the_partners_view(cast: Cast, client: Client) -> None:
    row = approved(make_partner(cast.bob), cast.bob)
    for person in (cast.olga, cast.dana, cast.bob):
        client.force_login(person)
        assert client.get("/partner/").status_code == 404
        assert client.get(reverse("partner-lead", args=[row.lead_id])).status_code == 404
        assert client.post(reverse("partner-register"), FACTS).status_code == 404


def test_a_guest_has_no_role_no_reach_and_no_token(cast: Cast) -> None:
    partner = make_partner(cast.bob)
    person = make_person(partner, cast.bob)
    for refused in (
        lambda: users.set_roles(user=person, roles=["Sales rep"], actor=cast.olga),
        lambda: users.set_reach(user=person, reach="all", actor=cast.olga),
        lambda: users.update_user(user=person, is_staff=True, actor=cast.olga),
    ):
        with pytest.raises(InvalidInput):
            refused()
    with pytest.raises(NotAllowed):
        users.create_token(actor=person, name="Mine", scopes=["*:read"])
    with pytest.raises(DatabaseError), transaction.atomic():
        User.objects.filter(pk=person.pk).update(reach="all")
    assert person not in User.objects.working()
    assert list(User.objects.visible_to(person)) == [person]
    assert not PromotionPartner.objects.visible_to(cast.erin).exists()


def test_a_login_is_opened_by_its_owner_and_closed_at_once(cast: Cast, client: Client) -> None:
    partner = make_partner(cast.bob)
    client.force_login(cast.bob)
    page = partner.get_absolute_url()
    person = reverse("promotion-partner-contact", args=[partner.pk])
    assert client.post(person, {"name": "Pia Berg", "email": "nonsense"}).status_code == 422
    client.post(person, {"name": "Pia Berg", "email": "pia@north.example"})
    contact = PartnerContact.objects.get()
    client.post(reverse("promotion-partner-login", args=[partner.pk, contact.pk, "open"]))
    contact.refresh_from_db()
    assert contact.user is not None and contact.user.is_portal and "Has a login" in client.get(page).content.decode()
    # They set their own password: the page to sign in sends the link.
    guest = Client()
    guest.post(reverse("account_reset_password"), {"email": "pia@north.example"})
    assert [message.to for message in mail.outbox] == [["pia@north.example"]]
    guest.force_login(contact.user)
    assert guest.get("/partner/").status_code == 200
    client.post(reverse("promotion-partner-login", args=[partner.pk, contact.pk, "close"]))
    assert guest.get("/partner/").status_code == 302
    contact.refresh_from_db()
    assert contact.user is None


def test_a_partner_that_is_none_any_more_opens_nothing(cast: Cast, client: Client) -> None:
    partner = make_partner(cast.bob)
    client.force_login(make_person(partner, cast.bob))
    services.update_partner(partner=partner, version=None, actor=cast.bob, is_active=False)
    assert client.get("/partner/").status_code == 404
    with pytest.raises(IllegalState):
        services.register_deal(partner=PromotionPartner.objects.get(), actor=cast.bob, **FACTS)


def test_our_pages_decide_and_register_for_a_partner(cast: Cast, client: Client) -> None:
    ensure_leads()
    client.force_login(cast.bob)
    facts = {"name": "North Star", "tier": "gold", "fee_pct": "12.5", "owner": cast.bob.pk, "is_active": "on"}
    assert client.post(reverse("promotion-partner-new"), {**facts, "fee_pct": "120"}).status_code == 422
    assert client.post(reverse("promotion-partner-new"), facts).status_code == 302
    partner = PromotionPartner.objects.get()
    register = reverse("promotion-partner-register", args=[partner.pk])
    assert client.post(register, {**FACTS, "email": "no", "currency": "USD"}).status_code == 422
    assert client.post(register, {**FACTS, "amount": "9000", "currency": "USD"}).status_code == 302
    row = DealRegistration.objects.get()
    page = row.get_absolute_url()
    assert "Approve" in client.get(page).content.decode()
    reject = reverse("deal-registration-verb", args=[row.pk, "reject"])
    assert client.post(reject, {"version": row.version, "reason": ""}).status_code == 422
    client.post(reverse("deal-registration-verb", args=[row.pk, "approve"]), {"version": row.version})
    row.refresh_from_db()
    assert row.status == "approved" and "12.5 %" in client.get(partner.get_absolute_url()).content.decode()
    for listed in ("promotion-partner-list", "deal-registration-list"):
        assert "North Star" in client.get(reverse(listed)).content.decode()
    client.force_login(cast.alice)
    assert "/approve/" not in client.get(page).content.decode()
    assert client.post(reject, {"version": row.version, "reason": "x"}).status_code == 403
    client.force_login(cast.erin)
    assert client.get(page).status_code == 403
