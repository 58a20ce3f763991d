"""Who hangs something on a lead, contact or account while it is merged away waits, and hangs it on what that became."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts import services as accounts
from accounts.models import Account, Contact
from leads import services
from leads.models import CampaignMember, ContactPolicy, DealRegistration, Enrollment, Lead, Signal
from revops.core import jobs
from revops.integrations import services as imports
from tests.accounts.builders import make_account, make_contact
from tests.accounts.test_merging_at_once import apart, until_it_waits
from tests.builders import make_token
from tests.cast import Cast
from tests.integrations.files import checked, imported
from tests.leads.builders import make_lead, make_sequence
from tests.leads.test_campaigns import make_campaign
from tests.leads.test_promotion import FACTS, make_partner


def merge_leads(one: Lead, other: Lead, cast: Cast) -> Any:
    return services.merge_leads(winner=one, loser=other, version=None, actor=cast.alice)


def while_merged(one: Lead, other: Lead, cast: Cast, write: Callable[[], Any]) -> Any:
    """What a write on the other one does that comes while the two are merged."""
    with transaction.atomic():
        merge_leads(one, other, cast)
        writing = apart(write)
        until_it_waits(writing)
    return writing.result(timeout=20)


@pytest.mark.spec("DA-02")
@pytest.mark.django_db(transaction=True)
def test_what_hangs_on_a_lead_that_is_merged_away_waits_and_follows(cast: Cast) -> None:
    campaign = make_campaign(cast.olga, code="fair", name="Fair")
    sequence = make_sequence(cast.olga, (0, "call"))
    writes: dict[str, tuple[Any, Callable[[Lead], Any]]] = {
        "member": (
            CampaignMember,
            lambda it: services.add_members(campaign=campaign, actor=cast.olga, leads=[it]),
        ),
        "enrollment": (
            Enrollment,
            lambda it: services.enroll(sequence=sequence, actor=cast.alice, leads=[it]),
        ),
        "policy": (
            ContactPolicy,
            lambda it: services.set_policy(actor=cast.alice, lead=it, reason="Asked us"),
        ),
        "signal": (
            Signal,
            lambda it: services.note_signal(
                kind=Signal.Kind.TECHNOLOGY, value="Rail", source="Their site", lead=it, actor=cast.alice
            ),
        ),
    }
    for name, (model, write) in writes.items():
        one, other = (make_lead(cast.alice, email=f"{name}@{name}{n}.example") for n in range(2))
        while_merged(one, other, cast, lambda write=write, other=other: write(Lead.objects.get(pk=other.pk)))  # type: ignore[misc]
        assert list(model.objects.values_list("lead_id", flat=True)) == [one.pk], name
        model.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_a_merge_waits_for_a_new_member_and_takes_it_along(cast: Cast) -> None:
    campaign = make_campaign(cast.olga, code="fair", name="Fair")
    one, other = make_lead(cast.alice), make_lead(cast.alice)
    with transaction.atomic():
        services.add_members(campaign=campaign, actor=cast.olga, leads=[other])
        merging = apart(lambda: merge_leads(one, other, cast))
        until_it_waits(merging)
    merging.result(timeout=20)
    assert campaign.members.get().lead_id == one.pk
    account = make_account(cast.alice)
    first, second = make_contact(account), make_contact(account)
    with transaction.atomic():
        accounts.merge_contacts(winner=first, loser=second, version=None, actor=cast.alice)
        again = Contact.objects.get(pk=second.pk)
        adding = apart(lambda: services.add_members(campaign=campaign, actor=cast.olga, contacts=[again, first]))
        until_it_waits(adding)
    assert adding.result(timeout=20) == 1  # the two are one by now
    assert campaign.members.get(lead=None).contact_id == first.pk


@pytest.mark.django_db(transaction=True)
def test_a_registration_hangs_on_the_account_and_lead_that_stand_when_it_is_made(cast: Cast) -> None:
    partner = make_partner(cast.bob)
    one, other = make_account(cast.alice), make_account(cast.alice, website=FACTS["website"])
    with transaction.atomic():
        accounts.merge_accounts(winner=one, loser=other, version=None, actor=cast.alice)
        claiming = apart(lambda: services.register_deal(partner=partner, actor=cast.bob, **FACTS))
        until_it_waits(claiming)
    claim = claiming.result(timeout=20)
    assert isinstance(claim, DealRegistration) and claim.account_id == one.pk
    leads = make_lead(cast.alice), make_lead(cast.alice, email=FACTS["email"], allow_duplicate=True)
    while_merged(
        *leads,
        cast,
        lambda: services.approve_registration(registration=claim, version=claim.version, actor=cast.bob),
    )
    claim.refresh_from_db()
    assert claim.lead_id == leads[0].pk
    third = make_account(cast.alice)
    merge = accounts.merge_accounts(winner=third, loser=one, version=None, actor=cast.alice)
    claim.refresh_from_db()
    assert merge.loser_id == one.pk and claim.account_id == third.pk


@pytest.mark.django_db(transaction=True)
def test_what_a_file_changes_or_adds_follows_a_merge_since_its_check(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planned on the loser, written on the winner: a lead, a contact's account, a member who is one already."""
    monkeypatch.setattr(jobs, "_enqueue", [lambda job, queue: None])
    imported("leads", "Id,Last name,Company\nL-1,Berg,Works\n", cast.olga, system="fair")
    one, other = make_lead(cast.alice), Lead.objects.get(external_id="L-1")
    campaign = make_campaign(cast.olga, code="fair", name="Fair")
    guests = [make_lead(cast.alice, email=f"guest@fair{n}.example") for n in range(2)]
    account, gone = make_account(cast.olga, name="Halden"), make_account(cast.olga, name="Old Halden")
    files = {
        "leads": ("Id,Last name,Company,Job title\nL-1,Berg,Works,Buyer\n", (one, other)),
        "campaign_members": ("campaign,email\nfair,guest@fair0.example\nfair,guest@fair1.example\n", guests),
        "contacts": ("Last name,Account,E-mail\nPike,Old Halden,pike@halden.example\n", (account, gone)),
    }
    for kind, (text, (winner, loser)) in files.items():
        run = checked(kind, text, cast.olga, system="fair")
        job = imports.start_commit(run=run, version=run.version, actor=cast.olga)
        while "after" not in job.cursor:
            jobs._step(str(job.pk))
            job.refresh_from_db()
        with transaction.atomic():
            merge = accounts.merge_accounts if kind == "contacts" else services.merge_leads
            merge(winner=winner, loser=loser, version=None, actor=cast.olga)
            writing = apart(lambda job=job: jobs.run(str(job.pk)))  # type: ignore[misc]
            until_it_waits(writing)
        assert writing.result(timeout=20).state == "done", kind
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.title, other.title) == ("Buyer", "")
    assert [row.lead_id for row in campaign.members.all()] == [guests[0].pk]
    assert Contact.objects.get(last_name="Pike").account_id == account.pk
    assert Account.objects.get(pk=gone.pk).merged_into_id == account.pk


@pytest.mark.django_db
def test_the_id_of_a_merged_lead_enrols_whom_it_became(cast: Cast, client: Client) -> None:
    sequence = make_sequence(cast.olga, (0, "call"))
    one, other = make_lead(cast.alice, email="one@first.example"), make_lead(cast.alice, email="two@second.example")
    merge_leads(one, other, cast)

    def post(path: str, body: Any) -> Any:
        head = {"Authorization": f"Bearer {make_token(cast.alice)}"}
        return client.post(f"/api/v1/{path}", body, content_type="application/json", headers=head)

    done = post(f"sequences/{sequence.pk}/enroll", {"leads": [other.pk, one.pk]})
    assert done.status_code == 201, done.json()
    assert [row["lead"] for row in done.json()["enrolled"]] == [one.pk]
    assert post(f"sequences/{sequence.pk}/enroll", {"leads": [10**18]}).status_code == 422
    stranger = make_lead(cast.charlie)
    twin = make_lead(cast.charlie)
    services.merge_leads(winner=stranger, loser=twin, version=None, actor=cast.charlie)
    assert post(f"sequences/{sequence.pk}/enroll", {"leads": [twin.pk]}).status_code == 422
