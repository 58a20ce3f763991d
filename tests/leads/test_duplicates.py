"""The queue of pairs that look like one: found at night, decided by people, and never decided by itself."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import services as account_services
from accounts.models import Account
from leads import services, tasks
from leads.models import BlockKey, DuplicatePair, Lead
from leads.selectors.duplicates import near_leads, waiting_pairs
from leads.services.duplicates import SCAN
from revops.core import jobs
from revops.core.errors import DuplicateSuspected, IllegalState, NotAllowed, StaleCopy
from revops.core.models import JobRun
from revops.users.models import Notification, User
from tests.accounts.builders import make_account, make_contact
from tests.builders import make_token
from tests.cast import Cast
from tests.leads.builders import make_lead


def scanned() -> JobRun:
    tasks.dedupe_scan()
    return jobs.run(str(JobRun.objects.filter(kind=SCAN).latest("created_at").pk))


def acmes(owner: User) -> tuple[Account, Account]:
    one = make_account(owner, "Acme Corp", website="https://acme.example")
    return one, make_account(owner, "ACME Corporation", website="acme.example", allow_duplicate=True)


@pytest.mark.spec("SD-05")
def test_the_scan_finds_pairs_of_each_kind_and_merges_none(cast: Cast) -> None:
    accounts = acmes(cast.alice)
    mails = ("ANN@Acme.example ", "ann@acme.example")
    contacts = [
        make_contact(one, "Lee", first_name="Ann", email=mail) for one, mail in zip(accounts, mails, strict=True)
    ]
    leads = [
        make_lead(cast.sam, first_name="Yara", last_name=name, company="Elm", phone="+49 30 1234567", email=mail)
        for name, mail in (("Rahimi", "y@elm.example"), ("Rahimy", "yara@web.example"))
    ]
    make_account(cast.alice, "Acme Corp", website="acme.test", allow_duplicate=True)
    job = scanned()
    assert job.state == JobRun.State.DONE and job.done == job.total
    found = {(row.kind, row.low_id, row.high_id) for row in DuplicatePair.objects.all()}
    assert found == {
        ("account", accounts[0].pk, accounts[1].pk),
        ("contact", contacts[0].pk, contacts[1].pk),
        ("lead", leads[0].pk, leads[1].pk),
    }
    assert not BlockKey.objects.exists()
    assert not Account.objects.filter(merged_into__isnull=False).exists()
    scanned()
    assert DuplicatePair.objects.count() == 3


def test_what_was_dismissed_stays_so_and_what_is_no_pair_any_more_goes(cast: Cast) -> None:
    one, other = acmes(cast.alice)
    third = make_account(cast.alice, "Acme SE", website="acme.example", allow_duplicate=True)
    scanned()
    pair = DuplicatePair.objects.get(low_id=one.pk, high_id=other.pk)
    services.dismiss_pair(pair=pair, version=pair.version, actor=cast.alice)
    account_services.update_account(account=third, version=None, actor=cast.alice, name="Zenith", website="")
    scanned()
    (left,) = DuplicatePair.objects.all()
    assert (left.pk, left.state) == (pair.pk, "dismissed")
    services.reopen_pair(pair=left, version=None, actor=cast.alice)
    assert list(waiting_pairs(viewer=cast.alice)) == [left]


def test_a_scan_that_was_interrupted_goes_on_where_it_stopped(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("READ", "ROOMS"):
        monkeypatch.setattr(f"leads.services.duplicates.{name}", 1)
    acmes(cast.alice)
    tasks.dedupe_scan()
    job = JobRun.objects.get(kind=SCAN)
    for _step in range(4):
        assert jobs._step(str(job.pk))
    tasks.dedupe_scan()
    assert JobRun.objects.filter(kind=SCAN).count() == 1
    assert jobs.run(str(job.pk)).state == JobRun.State.DONE
    assert DuplicatePair.objects.count() == 1


def test_a_failed_scan_that_is_told_to_go_on_beside_another_takes_none_of_its_notes(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_enqueue", [lambda job, queue: None])
    acmes(cast.alice)
    failed = services.start_scan(actor=cast.olga)
    JobRun.objects.filter(pk=failed.pk).update(state=JobRun.State.FAILED)
    later = services.start_scan(actor=cast.olga)
    while not later.cursor.get("comparing"):
        jobs._step(str(later.pk))
        later.refresh_from_db()
    noted = BlockKey.objects.filter(scan=later.params["scan"]).count()
    jobs.retry(job=JobRun.objects.get(pk=failed.pk), actor=cast.olga)
    assert jobs.run(str(failed.pk)).state == JobRun.State.DONE
    assert BlockKey.objects.filter(scan=later.params["scan"]).count() == noted == BlockKey.objects.count()
    assert jobs.run(str(later.pk)).counts["pairs"] == 1 and not BlockKey.objects.exists()


def test_later_comes_back_in_a_week(cast: Cast) -> None:
    acmes(cast.alice)
    scanned()
    pair = DuplicatePair.objects.get()
    services.postpone_pair(pair=pair, version=pair.version, actor=cast.alice)
    assert not waiting_pairs(viewer=cast.alice).exists()
    DuplicatePair.objects.update(later_until="2020-01-01")
    assert waiting_pairs(viewer=cast.alice).exists()


def test_who_does_not_see_both_sees_no_pair_and_who_may_not_decide_does_not(cast: Cast, client: Client) -> None:
    one, other = acmes(cast.alice)
    scanned()
    pair = DuplicatePair.objects.get()
    assert not waiting_pairs(viewer=cast.charlie).exists()
    client.force_login(cast.charlie)
    address = reverse("duplicate-decide", args=[pair.pk, "dismiss"])
    assert client.post(address, {"version": 1}).status_code == 404
    assert "Acme" not in client.get(reverse("duplicate-queue")).content.decode()
    with pytest.raises(NotAllowed):
        services.dismiss_pair(pair=pair, version=None, actor=cast.sam)
    with pytest.raises(StaleCopy):
        services.dismiss_pair(pair=pair, version=9, actor=cast.alice)
    pair.refresh_from_db()
    assert pair.state == "waiting"
    account_services.merge_accounts(winner=one, loser=other, version=None, actor=cast.alice)
    assert not waiting_pairs(viewer=cast.alice).exists()


def test_the_queue_shows_pairs_with_reasons_and_decides(cast: Cast, client: Client) -> None:
    one, other = acmes(cast.alice)
    scanned()
    pair = DuplicatePair.objects.get()
    client.force_login(cast.alice)
    page = client.get(reverse("duplicate-queue")).content.decode()
    assert "ACME Corporation" in page and "same web domain, same name" in page and "100 % alike" in page
    assert reverse("account-merge", args=[one.pk, other.pk]) in page
    assert "Nothing looks alike" in client.get(reverse("duplicate-queue") + "?kind=lead").content.decode()
    client.post(reverse("duplicate-decide", args=[pair.pk, "dismiss"]), {"version": pair.version})
    assert "Nothing looks alike" in client.get(reverse("duplicate-queue")).content.decode()
    answer = client.post(reverse("duplicate-scan"))
    assert answer.status_code == 302 and JobRun.objects.filter(created_by=cast.alice, kind=SCAN).exists()


def api(client: Client, user: User, method: str, path: str, **headers: str) -> Any:
    return getattr(client, method)(
        f"/api/v1{path}", HTTP_AUTHORIZATION=f"Bearer {make_token(user)}", content_type="application/json", **headers
    )


def test_the_api_lists_filters_and_decides(cast: Cast, client: Client) -> None:
    one, other = acmes(cast.alice)
    scanned()
    (row,) = api(client, cast.alice, "get", "/duplicates").json()["results"]
    assert (row["kind"], row["low_id"], row["high_id"], row["score"]) == ("account", one.pk, other.pk, 100)
    assert row["reasons"] == ["domain", "company"]
    assert api(client, cast.alice, "get", "/duplicates?kind=lead").json()["results"] == []
    assert api(client, cast.alice, "get", "/duplicates?colour=red").status_code == 400
    assert api(client, cast.charlie, "get", f"/duplicates/{row['id']}").status_code == 404
    assert api(client, cast.sam, "post", f"/duplicates/{row['id']}/dismiss").status_code in (403, 404)
    stale = api(client, cast.alice, "post", f"/duplicates/{row['id']}/dismiss", HTTP_IF_MATCH='"7"')
    assert stale.status_code == 412
    assert api(client, cast.alice, "post", f"/duplicates/{row['id']}/dismiss").json()["state"] == "dismissed"
    assert api(client, cast.alice, "post", f"/duplicates/{row['id']}/dismiss").status_code == 409
    assert api(client, cast.alice, "post", f"/duplicates/{row['id']}/reopen").json()["state"] == "waiting"
    assert api(client, cast.alice, "post", f"/duplicates/{row['id']}/later").json()["later_until"]
    assert api(client, cast.alice, "post", "/duplicates/scan").status_code == 202


# On a lead's page and when one is made ----------------------------------------------------


def test_two_leads_that_a_page_shows_as_alike_can_be_told_apart(cast: Cast, client: Client) -> None:
    one = make_lead(cast.sam, email="a@elm.example")
    twin = make_lead(cast.sam, email="A@Elm.example", allow_duplicate=True)
    client.force_login(cast.sam)
    page = client.get(one.get_absolute_url()).content.decode()
    assert reverse("lead-merge", args=[one.pk, twin.pk]) in page
    client.post(reverse("lead-not-the-same", args=[one.pk, twin.pk]))
    assert reverse("lead-merge", args=[one.pk, twin.pk]) not in client.get(one.get_absolute_url()).content.decode()
    with pytest.raises(IllegalState):
        services.dismiss_pair(pair=DuplicatePair.objects.get(), version=None, actor=cast.sam)


def test_a_misspelled_name_with_the_same_number_is_near(cast: Cast) -> None:
    one = make_lead(
        cast.sam, first_name="Katherine", last_name="Meier", company="Elm", phone="+49 30 1234567", email=""
    )
    twin = make_lead(cast.sam, first_name="Katherine", last_name="Meyer", company="Elm", phone="+49301234567", email="")
    make_lead(cast.sam, first_name="Konrad", last_name="Meier", company="Elm", phone="+49 30 1234567", email="")
    assert [row["id"] for row in near_leads(viewer=cast.sam, lead=one)] == [twin.pk]


def test_a_person_of_one_company_is_not_made_twice_without_an_address(cast: Cast) -> None:
    make_lead(cast.sam, first_name="Ann", last_name="Lee", company="Elm GmbH", email="")
    with pytest.raises(DuplicateSuspected) as suspected:
        make_lead(cast.sam, first_name="Lee", last_name="Ann", company="ELM", email="")
    assert suspected.value.facts["candidates"][0]["reasons"] == ["same name"]


@pytest.mark.spec("SD-05")
def test_the_owner_of_a_hidden_twin_is_told_and_the_maker_learns_nothing(cast: Cast) -> None:
    hers = make_lead(cast.charlie, email="ANN@Acme.example")
    mine = make_lead(cast.sam, email="ann@acme.example")
    assert mine.pk and Lead.objects.count() == 2
    told = Notification.objects.get(kind="duplicate.hidden")
    assert (told.user_id, told.about_id) == (cast.charlie.pk, str(hers.pk))
    make_account(cast.charlie, "Zenith", website="zenith.example")
    make_account(cast.alice, "Zenith", website="zenith.example")
    assert Notification.objects.filter(kind="duplicate.hidden", user=cast.charlie).count() == 2
    assert not Notification.objects.filter(kind="duplicate.hidden").exclude(user=cast.charlie).exists()


def test_the_api_refuses_a_twin_with_its_candidates_and_names_no_hidden_one(cast: Cast, client: Client) -> None:
    make_lead(cast.charlie, email="ann@acme.example")
    body = json.dumps({"last_name": "Lee", "company": "Acme", "email": "ann@acme.example"})
    token = {"HTTP_AUTHORIZATION": f"Bearer {make_token(cast.sam)}"}
    made = client.post("/api/v1/leads", body, content_type="application/json", **token)
    again = client.post("/api/v1/leads", body, content_type="application/json", **token)
    assert (made.status_code, again.status_code) == (201, 409)
    assert [row["id"] for row in again.json()["candidates"]] == [made.json()["id"]]
