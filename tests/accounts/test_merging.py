"""Two records become one, and two again: what people see of it, and what the rules refuse."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import Account, Contact
from leads import services as lead_services
from revops.core import clock, upserts
from revops.core.errors import IllegalState, InvalidInput, NotAllowed, StaleCopy
from revops.core.models import AuditEntry, MergeRecord
from revops.users.models import User
from tests.accounts.builders import make_account, make_call, make_contact
from tests.builders import make_token
from tests.cast import Cast
from tests.core.threads import together
from tests.leads.builders import answered, make_handoff, make_lead


def twins(owner: User, **fields: Any) -> tuple[Account, Account]:
    return make_account(owner, "Acme"), make_account(owner, "Acme Corporation", allow_duplicate=True, **fields)


def merged(winner: Account, loser: Account, actor: User, **choices: str) -> MergeRecord:
    return services.merge_accounts(winner=winner, loser=loser, version=None, actor=actor, choices=choices)


@pytest.mark.spec("SD-05", "DA-02")
def test_a_merge_keeps_every_activity_and_child_of_both_and_comes_apart(cast: Cast) -> None:
    winner, loser = twins(cast.alice)
    calls = [make_call(winner), make_call(loser), make_call(loser)]
    child = make_account(cast.alice, "Acme Labs", parent=loser)
    person = make_contact(loser, "Lee")
    done = merged(winner, loser, cast.alice)
    assert winner.activities.count() == 3
    child.refresh_from_db()
    person.refresh_from_db()
    assert (child.parent_id, person.account_id) == (winner.pk, winner.pk)
    loser.refresh_from_db()
    assert loser.merged_into_id == winner.pk and loser.archived_at is not None
    services.take_apart(merge=done, actor=cast.alice)
    loser.refresh_from_db()
    child.refresh_from_db()
    assert (loser.merged_into_id, loser.archived_at, child.parent_id) == (None, None, loser.pk)
    assert winner.activities.count() == 1 and loser.activities.count() == len(calls) - 1


def test_each_field_is_chosen_and_what_is_empty_is_filled(cast: Cast) -> None:
    winner, loser = twins(cast.alice, phone="+49 30 1234567", industry="Software")
    winner = services.update_account(account=winner, version=None, actor=cast.alice, industry="Retail", city="Bonn")
    done = merged(winner, loser, cast.alice, name="loser")
    winner.refresh_from_db()
    assert (winner.name, winner.industry, winner.city) == ("Acme Corporation", "Retail", "Bonn")
    assert (winner.phone, winner.phone_key) == ("+49 30 1234567", "+49301234567")
    services.take_apart(merge=done, actor=cast.alice)
    winner.refresh_from_db()
    assert (winner.name, winner.phone, winner.phone_key, winner.name_key) == ("Acme", "", "", "acme")


def test_what_was_edited_since_is_kept_and_listed(cast: Cast) -> None:
    winner, loser = twins(cast.alice, phone="+49 30 1234567")
    call, gone = make_call(loser), make_contact(loser, "Lee")
    third = make_account(cast.alice, "Third")
    done = merged(winner, loser, cast.alice)
    winner.refresh_from_db()
    services.update_account(account=winner, version=winner.version, actor=cast.alice, phone="+49 30 7654321")
    services.update_contact(contact=gone, version=None, actor=cast.alice, account=third)
    later = make_call(winner)
    done = services.take_apart(merge=done, actor=cast.alice)
    winner.refresh_from_db()
    call.refresh_from_db()
    gone.refresh_from_db()
    later.refresh_from_db()
    assert winner.phone == "+49 30 7654321"
    assert (call.account_id, gone.account_id, later.account_id) == (loser.pk, third.pk, winner.pk)
    assert [line["what"] for line in done.kept] == ["phone", "contact"]
    assert [line["why"] for line in done.kept] == ["changed since", "moved since"]


def test_both_histories_tell_of_it(cast: Cast) -> None:
    winner, loser = twins(cast.alice)
    done = merged(winner, loser, cast.alice)
    services.take_apart(merge=done, actor=cast.alice)
    told = [
        list(AuditEntry.objects.about(one).order_by("pk").values_list("action", flat=True)) for one in (winner, loser)
    ]
    assert told[0][-2:] == ["record.merged", "record.unmerged"]
    assert told[1][-2:] == ["record.merged_away", "record.unmerged"]


def test_who_may_not_or_does_not_see_both_is_refused_and_nothing_happened(cast: Cast) -> None:
    winner, loser = twins(cast.alice)
    with pytest.raises(NotAllowed):
        merged(winner, loser, cast.sam)
    hers = make_account(cast.charlie, "Acme Far")
    with pytest.raises(InvalidInput):
        merged(winner, hers, cast.alice)
    with pytest.raises(InvalidInput):
        merged(winner, winner, cast.alice)
    with pytest.raises(StaleCopy):
        services.merge_accounts(winner=winner, loser=loser, version=winner.version + 1, actor=cast.alice)
    assert not MergeRecord.objects.exists()
    assert not Account.objects.filter(merged_into__isnull=False).exists()


def test_an_alias_is_in_no_list_and_cannot_be_changed_restored_or_merged(cast: Cast) -> None:
    winner, loser = twins(cast.alice)
    merged(winner, loser, cast.alice)
    assert loser.pk not in Account.objects.visible_to(cast.dana).values_list("pk", flat=True)
    for act in (services.restore_account, services.archive_account):
        with pytest.raises(IllegalState) as refused:
            act(account=loser, version=None, actor=cast.alice)
        assert refused.value.code == "merged"
    with pytest.raises(IllegalState):
        services.update_account(account=loser, version=None, actor=cast.alice, city="Bonn")
    with pytest.raises(IllegalState):
        merged(make_account(cast.alice, "Other"), loser, cast.alice)


def test_a_chain_leads_to_its_end_and_comes_apart_from_the_end(cast: Cast) -> None:
    a, b = twins(cast.alice)
    c = make_account(cast.alice, "Acme Group")
    call = make_call(a)
    first = merged(b, a, cast.alice)
    second = merged(c, b, cast.alice)
    assert set(c.aliases.values_list("pk", flat=True)) == {a.pk, b.pk}
    call.refresh_from_db()
    assert call.account_id == c.pk
    with pytest.raises(IllegalState) as refused:
        services.take_apart(merge=first, actor=cast.alice)
    assert refused.value.code == "merged_since"
    services.take_apart(merge=second, actor=cast.alice)
    a.refresh_from_db()
    assert a.merged_into_id == b.pk
    services.take_apart(merge=first, actor=cast.alice)
    call.refresh_from_db()
    assert call.account_id == a.pk


def test_a_circle_is_impossible_even_past_the_services(cast: Cast) -> None:
    a, b = twins(cast.alice)
    c = make_account(cast.alice, "Acme Group")
    now = clock.now()
    Account.objects.filter(pk=a.pk).update(merged_into=b, archived_at=now)
    for one, other in ((b, a), (b, c), (c, a), (c, c)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Account.objects.filter(pk=one.pk).update(merged_into=other, archived_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(pk=c.pk).update(merged_into=b)


def test_the_winner_below_the_loser_takes_the_place_above(cast: Cast) -> None:
    top = make_account(cast.alice, "Top")
    loser = make_account(cast.alice, "Middle", parent=top)
    between = make_account(cast.alice, "Between", parent=loser)
    winner = make_account(cast.alice, "Winner", parent=between)
    done = merged(winner, loser, cast.alice)
    for one in (winner, between):
        one.refresh_from_db()
    assert (winner.parent_id, between.parent_id) == (top.pk, winner.pk)
    services.take_apart(merge=done, actor=cast.alice)
    for one in (winner, between):
        one.refresh_from_db()
    assert (winner.parent_id, between.parent_id) == (between.pk, loser.pk)


@pytest.mark.django_db(transaction=True)
def test_of_two_merges_of_one_pair_at_once_one_wins(cast: Cast) -> None:
    a, b = twins(cast.alice)
    answers = together(
        lambda: merged(a, b, cast.alice), lambda: merged(b, a, cast.alice), lambda: merged(a, b, cast.alice)
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["IllegalState", "IllegalState", "MergeRecord"]
    assert Account.objects.filter(merged_into__isnull=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_merge_taken_apart_twice_at_once_is_taken_apart_once(cast: Cast) -> None:
    a, b = twins(cast.alice)
    done = merged(a, b, cast.alice)
    answers = together(*[lambda: services.take_apart(merge=done, actor=cast.alice)] * 2)
    assert sorted(type(answer).__name__ for answer in answers) == ["IllegalState", "MergeRecord"]


def test_the_id_in_another_system_leads_to_the_winner(cast: Cast) -> None:
    winner, loser = twins(cast.alice, external_system="erp", external_id="77")
    winner_id = winner.pk
    merged(winner, loser, cast.alice, external_id="winner")
    found = upserts.find(Account, "erp", "77")
    assert found is not None and found.pk == winner_id


def test_contacts_of_two_accounts_are_not_merged(cast: Cast) -> None:
    one, other = make_contact(make_account(cast.alice)), make_contact(make_account(cast.alice))
    with pytest.raises(IllegalState) as refused:
        services.merge_contacts(winner=one, loser=other, version=None, actor=cast.alice)
    assert refused.value.code == "different_accounts"


@pytest.mark.spec("DA-03")
def test_contacts_of_one_account_are_merged(cast: Cast) -> None:
    account = make_account(cast.alice)
    winner, loser = make_contact(account, "Lee"), make_contact(account, "Leigh", title="CTO")
    call = make_call(account, contact=loser)
    services.merge_contacts(winner=winner, loser=loser, version=None, actor=cast.alice)
    call.refresh_from_db()
    winner.refresh_from_db()
    assert (call.contact_id, winner.title) == (winner.pk, "CTO")
    assert list(Contact.objects.visible_to(cast.alice).filter(account=account)) == [winner]


def test_of_two_answers_the_later_is_kept_and_the_score_follows(cast: Cast) -> None:
    winner, loser = answered(make_lead(cast.sam), cast.sam, needs=10), make_lead(cast.sam)
    answered(loser, cast.sam, needs=90, budget=50)
    done = lead_services.merge_leads(winner=winner, loser=loser, version=None, actor=cast.sam)
    given = {row.criterion: row.value for row in winner.answers.all()}
    assert given == {"needs": Decimal(90), "budget": Decimal(50)}
    current = winner.qualification_scores.get(is_current=True)
    assert {name: Decimal(value) for name, value in current.answers.items()} == given
    lead_services.take_leads_apart(merge=done, actor=cast.sam)
    assert {row.criterion: row.value for row in winner.answers.all()} == {"needs": Decimal(10)}
    assert loser.answers.count() == 2


def test_a_lead_that_waits_for_a_seller_is_not_merged_away(cast: Cast) -> None:
    handed = make_handoff(cast.sam, cast.alice).lead
    with pytest.raises(IllegalState) as refused:
        lead_services.merge_leads(winner=make_lead(cast.sam), loser=handed, version=None, actor=cast.sam)
    assert refused.value.code == "handed_over"


# Screens and API --------------------------------------------------------------------------


def test_the_page_shows_both_columns_and_merges_and_the_card_takes_it_apart(cast: Cast, client: Client) -> None:
    winner, loser = twins(cast.alice, phone="+49 30 1234567")
    make_call(loser)
    client.force_login(cast.alice)
    address = reverse("account-merge", args=[winner.pk, loser.pk])
    page = client.get(address).content.decode()
    assert "+49 30 1234567" in page and "Acme Corporation" in page and "Activities" in page
    answer = client.post(address, {"version": winner.version, "choice-name": "loser", "choice-phone": "winner"})
    assert answer.status_code == 302 and answer["Location"] == winner.get_absolute_url()
    winner.refresh_from_db()
    assert (winner.name, winner.phone) == ("Acme Corporation", "")
    old = client.get(loser.get_absolute_url())
    assert old.status_code == 302 and old["Location"] == winner.get_absolute_url()
    card = client.get(reverse("merge-panel", args=["accounts.account", winner.pk])).content.decode()
    assert "Take apart" in card
    assert client.get(winner.get_absolute_url()).content.decode().count("/merges/accounts.account/") == 2
    done = MergeRecord.objects.get()
    assert client.post(reverse("merge-undo", args=[done.pk])).status_code == 302
    loser.refresh_from_db()
    assert loser.merged_into_id is None


def test_an_outsider_gets_404_for_pages_of_a_merge(cast: Cast, client: Client) -> None:
    winner, loser = twins(cast.alice)
    client.force_login(cast.charlie)
    assert client.get(reverse("account-merge", args=[winner.pk, loser.pk])).status_code == 404
    done = merged(winner, loser, cast.alice)
    assert client.post(reverse("merge-undo", args=[done.pk])).status_code == 404
    assert client.get(loser.get_absolute_url()).status_code == 404


def api(client: Client, user: User, method: str, path: str, body: Any = None, **headers: str) -> Any:
    token = {"HTTP_AUTHORIZATION": f"Bearer {make_token(user)}", **headers}
    return getattr(client, method)(f"/api/v1{path}", body, content_type="application/json", **token)


def test_the_api_merges_lists_follows_and_takes_apart(cast: Cast, client: Client) -> None:
    winner, loser = twins(cast.alice, city="Bonn")
    answer = api(
        client, cast.alice, "post", f"/accounts/{winner.pk}/merge", {"other": loser.pk, "choices": {"city": "winner"}}
    )
    assert answer.status_code == 200 and answer.json()["city"] == ""
    follow = api(client, cast.alice, "get", f"/accounts/{loser.pk}")
    assert (follow.status_code, follow.json()["id"]) == (200, winner.pk)
    assert follow["Content-Location"] == f"/api/v1/accounts/{winner.pk}"
    (row,) = api(client, cast.alice, "get", "/merges").json()["results"]
    assert (row["winner_id"], row["loser_id"], row["can_undo"]) == (winner.pk, loser.pk, True)
    assert api(client, cast.charlie, "get", "/merges").json()["results"] == []
    assert api(client, cast.charlie, "post", f"/merges/{row['id']}/undo").status_code == 404
    undone = api(client, cast.alice, "post", f"/merges/{row['id']}/undo").json()
    assert undone["undone_at"] and undone["kept"] == []
    assert api(client, cast.alice, "get", f"/accounts/{loser.pk}").json()["id"] == loser.pk


def test_the_api_refuses_what_is_not_there_and_what_cannot_be_chosen(cast: Cast, client: Client) -> None:
    winner, loser = twins(cast.alice)
    hers = make_account(cast.charlie, "Acme Far")
    for body in ({"other": hers.pk}, {"other": loser.pk, "choices": {"owner_secret": "loser"}}, {"other": winner.pk}):
        assert api(client, cast.alice, "post", f"/accounts/{winner.pk}/merge", body).status_code == 422
    stale = api(client, cast.alice, "post", f"/accounts/{winner.pk}/merge", {"other": loser.pk}, HTTP_IF_MATCH='"99"')
    assert stale.status_code == 412
    assert not MergeRecord.objects.exists()


def test_after_30_days_nothing_is_taken_apart(cast: Cast) -> None:
    winner, loser = twins(cast.alice)
    done = merged(winner, loser, cast.alice)
    MergeRecord.objects.filter(pk=done.pk).update(merged_at=clock.now() - timedelta(days=30, minutes=1))
    with pytest.raises(IllegalState) as refused:
        services.take_apart(merge=done, actor=cast.alice)
    assert refused.value.code == "too_late"


def test_one_that_does_not_look_alike_is_found_by_its_name_and_laid_beside(cast: Cast, client: Client) -> None:
    winner, other = make_account(cast.alice, "Acme"), make_account(cast.alice, "Zenith Works")
    hidden = make_account(cast.charlie, "Zenith Hidden")
    client.force_login(cast.alice)
    card = client.get(reverse("merge-panel", args=["accounts.account", winner.pk])).content.decode()
    address = reverse("merge-choose", args=["accounts.account", winner.pk])
    assert address in card
    found = client.get(address, {"q": "zenith"}).content.decode()
    assert reverse("account-merge", args=[winner.pk, other.pk]) in found and "Zenith Hidden" not in found
    assert "called “nobody”" in client.get(address, {"q": "no\x00body"}).content.decode()
    assert client.get(reverse("merge-choose", args=["accounts.account", hidden.pk])).status_code == 404
    assert client.get(reverse("merge-choose", args=["accounts.nothing", winner.pk])).status_code == 404
    client.force_login(cast.sam)
    assert client.get(address).status_code in (403, 404)
