"""Research partners (SD-04): a file becomes leads once, its cost goes into the pool, its licence ends."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from leads import services
from leads.models import Lead, LeadLicence, MarketingCost, PartnerDelivery, ResearchPartner
from leads.selectors.partners import barred, licence_ended
from leads.setup import ensure_leads
from revops.core import clock, jobs
from revops.core.errors import IllegalState, InvalidInput, NotAllowed
from tests.accounts.builders import make_account, make_contact
from tests.cast import Cast
from tests.leads.builders import make_lead


def make_partner(actor: Any, **fields: Any) -> ResearchPartner:
    facts = {"name": "BuildData", "cost_per_record": Decimal(4), "currency": "USD", **fields}
    return services.create_setting(record=ResearchPartner(**facts), actor=actor)


def builders(count: int = 120, first: int = 1) -> ContentFile[Any]:
    """A list of companies in the market for construction materials."""
    lines = ["Company Name;E-Mail;Web site;Country;In the market for"]
    lines += [
        f"Builder {n} Ltd;office@builder{n}.example;https://builder{n}.example;USA;construction materials"
        for n in range(first, first + count)
    ]
    return ContentFile("\n".join(lines).encode(), "builders.csv")


def know_seven(cast: Cast) -> None:
    """By e-mail address, by web domain, by name; whoever's they are."""
    make_lead(cast.charlie, email="office@builder1.example")
    make_lead(cast.sam, website="https://www.builder2.example/about", email="")
    make_account(cast.charlie, name="Builder 3 Limited")
    make_account(cast.alice, name="Four", website="https://builder4.example")
    make_contact(make_account(cast.alice, name="Five"), email="OFFICE@builder5.example")
    make_lead(cast.sam, company="BUILDER 6", email="else@six.example")
    make_lead(cast.sam, company="Seven", email="boss@builder7.example")


def delivered(partner: ResearchPartner, file: ContentFile[Any], actor: Any) -> PartnerDelivery:
    delivery, _made = services.receive_delivery(partner=partner, upload=file, actor=actor)
    jobs.run(str(delivery.job_id))
    delivery.refresh_from_db()
    return delivery


def told(delivery: PartnerDelivery) -> tuple[int, int, int, int]:
    return (delivery.rows_total, delivery.rows_created, delivery.rows_matched, delivery.rows_rejected)


@pytest.mark.spec("SD-04")
def test_120_rows_with_7_known_are_113_leads_and_480_dollars_once(cast: Cast) -> None:
    ensure_leads()
    know_seven(cast)
    before = Lead.objects.count()
    partner = make_partner(cast.olga)
    delivery = delivered(partner, builders(), cast.olga)
    assert told(delivery) == (120, 113, 7, 0)
    assert Lead.objects.count() - before == 113
    made = Lead.objects.filter(licence__delivery=delivery)
    assert set(made.values_list("source", flat=True)) == {"research_partner"} and made.count() == 113
    assert made.get(company="Builder 8 Ltd").next_step == "construction materials"
    cost = MarketingCost.objects.get()
    assert (cost.kind, cost.amount, cost.currency, cost.on) == ("research", Decimal("480"), "USD", clock.today())
    assert delivery.marketing_cost == cost
    again, fresh = services.receive_delivery(partner=partner, upload=builders(), actor=cast.olga)
    assert (again.pk, fresh) == (delivery.pk, False)
    jobs.run(str(delivery.job_id))
    assert Lead.objects.count() - before == 113 and MarketingCost.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        PartnerDelivery.objects.filter(pk=delivery.pk).update(rows_created=112)


@pytest.mark.spec("SD-04")
def test_after_the_licence_its_leads_may_not_be_contacted_until_it_is_renewed(cast: Cast, client: Client) -> None:
    ensure_leads()
    partner = make_partner(cast.olga, licence_expires_on=clock.today())
    delivered(partner, builders(2), cast.olga)
    lead = Lead.objects.filter(source="research_partner").first()
    assert lead is not None
    services.assign_lead(lead=lead, to_user=cast.sam, version=None, actor=cast.olga)
    due = clock.now() + timedelta(days=3)
    call = {"lead": lead, "actor": cast.sam, "kind": "call", "subject": "Call", "due_at": due}
    services.plan_lead_activity(**call)
    client.force_login(cast.sam)
    assert client.get(f"/api/v1/leads/{lead.pk}").json()["contactable"] is True
    with clock.at(clock.now() + timedelta(days=1)):
        assert barred(Lead.objects.all()).count() == 2
        for kind in ("call", "email", "meeting", "visit"):
            with pytest.raises(IllegalState) as refused:
                services.plan_lead_activity(**{**call, "kind": kind})
            assert refused.value.code == "licence_expired"
        services.plan_lead_activity(**{**call, "kind": "task", "subject": "Ask for a renewal"})
        assert client.get(f"/api/v1/leads/{lead.pk}").json()["contactable"] is False
        panel = client.get(reverse("lead-licence", args=[lead.pk]) + "?panel=1").content.decode()
        assert "may not be contacted" in panel
        with pytest.raises(IllegalState):
            services.receive_delivery(partner=partner, upload=builders(1, first=50), actor=cast.olga)
        services.edit_setting(
            record=partner, version=None, actor=cast.olga, licence_expires_on=clock.today() + timedelta(days=90)
        )
        services.plan_lead_activity(**call)


def test_rows_that_are_no_leads_are_refused_with_their_reason_and_none_is_lost(cast: Cast) -> None:
    ensure_leads()
    rows = ["Good,a@good.example,12", ",b@nobody.example,", "Odd,c@odd.example,many", "Good,,", "Bad,nonsense,"]
    text = "\n".join(["company,email,employees", *rows])
    delivery = delivered(make_partner(cast.olga), ContentFile(text.encode(), "odd.csv"), cast.olga)
    assert told(delivery) == (5, 1, 1, 3)
    assert [row["row"] for row in delivery.rejects] == [3, 4, 6] and all(row["why"] for row in delivery.rejects)
    lead = Lead.objects.get(company="Good")
    assert (lead.last_name, lead.employees) == ("–", 12)


def test_a_file_without_companies_or_by_whom_may_not_is_refused_and_nothing_happens(cast: Cast) -> None:
    partner = make_partner(cast.olga, licence_expires_on=clock.today() + timedelta(days=9))
    for text in ("name of it,mail\nx,y\n", "company\n", ""):
        with pytest.raises(InvalidInput):
            services.receive_delivery(partner=partner, upload=ContentFile(text.encode(), "a.csv"), actor=cast.olga)
    with pytest.raises(NotAllowed):
        services.receive_delivery(partner=partner, upload=builders(1), actor=cast.sam)
    services.edit_setting(record=partner, version=None, actor=cast.olga, is_active=False)
    with pytest.raises(IllegalState):
        services.receive_delivery(partner=partner, upload=builders(1), actor=cast.olga)
    assert not PartnerDelivery.objects.exists() and not LeadLicence.objects.exists()


@pytest.mark.spec("SD-04")
def test_partners_and_deliveries_on_the_page_and_over_the_api(cast: Cast, client: Client) -> None:
    ensure_leads()
    client.force_login(cast.olga)
    typed = {"name": "BuildData", "kind": "list", "cost_per_record": "4", "currency": "USD", "is_active": "on"}
    assert client.post(reverse("research-partner-new"), typed).status_code == 302
    assert client.post(reverse("research-partner-new"), typed).status_code == 422
    partner = ResearchPartner.objects.get()
    page = partner.get_absolute_url()
    sent = client.post(page, {"file": builders(3)})
    assert sent.status_code == 302 and "/jobs/" in sent.url
    delivery = PartnerDelivery.objects.get()
    jobs.run(str(delivery.job_id))
    assert client.post(page, {"file": builders(3)}).url == page
    assert "$12.00" in client.get(page).content.decode()
    edited = client.post(
        reverse("research-partner-edit", args=[partner.pk]), {**typed, "version": "1", "agreement": "Yearly"}
    )
    assert edited.status_code == 302
    path = f"/api/v1/research-partners/{partner.pk}"
    again = client.post(f"{path}/deliveries", {"file": builders(3)})
    assert (again.status_code, again.json()["rows_created"]) == (200, 3)
    fresh = client.post(f"{path}/deliveries", {"file": builders(2, first=40)})
    assert (fresh.status_code, fresh.json()["rows_total"]) == (202, 2)
    assert len(client.get(f"{path}/deliveries").json()) == 2
    changed = client.patch(path, {"cost_per_record": "5"}, content_type="application/json", headers={"If-Match": '"1"'})
    assert changed.status_code == 412
    assert client.get(reverse("research-partner-list")).status_code == 200
    client.force_login(cast.alice)
    assert client.get(path).status_code == 404 and client.get(page).status_code == 403


@pytest.mark.spec("SD-04", "SD-05")
@pytest.mark.parametrize(
    ("of_winner", "of_loser", "kept"), [(5, 90, 90), (90, 5, 90), (5, None, None), (None, 5, None)]
)
def test_of_two_licences_the_longer_holds_after_a_merge_and_each_its_own_when_it_is_undone(
    cast: Cast, of_winner: int | None, of_loser: int | None, kept: int | None
) -> None:
    ensure_leads()
    leads, ends = [], []
    for number, days in enumerate((of_winner, of_loser), 1):
        end = None if days is None else clock.today() + timedelta(days=days)
        partner = make_partner(cast.olga, name=f"Partner {number}", licence_expires_on=end)
        delivered(partner, builders(1, first=number), cast.olga)
        leads.append(Lead.objects.get(company=f"Builder {number} Ltd"))
        ends.append(end)
    winner, loser = leads
    merge = services.merge_leads(winner=winner, loser=loser, version=None, actor=cast.olga)
    [licence] = LeadLicence.objects.filter(lead__in=leads)
    end = None if kept is None else clock.today() + timedelta(days=kept)
    assert (licence.lead_id, licence.delivery.partner.licence_expires_on) == (winner.pk, end)
    with clock.at(clock.now() + timedelta(days=6)):
        assert licence_ended(winner) is None
    services.take_leads_apart(merge=merge, actor=cast.olga)
    assert [lead.licence.delivery.partner.licence_expires_on for lead in Lead.objects.order_by("pk")] == ends
