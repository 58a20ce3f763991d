from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404

from accounts import services
from accounts.models import Account
from revops.core.errors import DuplicateSuspected, IllegalState, InvalidInput, NotAllowed, StaleCopy
from revops.core.models import AuditEntry
from revops.users.models import User
from tests.accounts.builders import make_account, make_contact
from tests.cast import make_cast
from tests.leads.test_routing import at_once


def test_an_account_belongs_to_who_makes_it_and_knows_its_keys(alice: User) -> None:
    account = make_account(alice, " Moldau Freight s.r.o. ", website="https://www.moldau.example/en", employees=40)
    assert (account.owner, account.name, account.name_key) == (alice, "Moldau Freight s.r.o.", "moldau freight")
    assert account.domain == "moldau.example"
    assert AuditEntry.objects.about(account).get().action == "account.created"


def test_the_same_company_in_another_spelling_is_suspected(alice: User) -> None:
    first = make_account(alice, "Acme Inc.", website="acme.example")
    for fields in ({"name": "ACME GmbH"}, {"name": "Other", "website": "http://www.acme.example"}):
        with pytest.raises(DuplicateSuspected) as refused:
            make_account(alice, **fields)
        assert [row["id"] for row in refused.value.facts["candidates"]] == [first.pk]
    assert Account.objects.count() == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Superstore 12", "Superstore 13"),
        ("Harbour Logistics Hall A", "Harbour Logistics Hall B"),
        ("Firm 1", "Firm 2"),
    ],
)
def test_branches_whose_names_differ_by_a_number_or_a_letter_are_no_twins(alice: User, one: str, other: str) -> None:
    make_account(alice, one)
    make_account(alice, other)
    assert Account.objects.count() == 2


def test_nearly_the_same_name_at_one_address_is_suspected_and_another_number_is_not(alice: User) -> None:
    at = {"street": "Hafenstr. 7", "city": "Hamburg", "postal_code": "20457"}
    first = make_account(alice, "Harbour Logistics 4", **at)
    with pytest.raises(DuplicateSuspected) as refused:
        make_account(alice, "Harbor Logistics 4", **at)
    assert [row["id"] for row in refused.value.facts["candidates"]] == [first.pk]
    make_account(alice, "Harbour Logistics 5", **at)
    make_account(alice, "Harbor Logistics 4", **{**at, "street": "Hafenstr. 9"})
    make_account(alice, "Harbur Logistics 4", street="Am Markt 1", city="Bremen", postal_code="28195")
    assert Account.objects.count() == 4


def test_a_hidden_twin_is_not_leaked(alice: User, charlie: User) -> None:
    make_account(alice, "Acme Inc.")
    assert make_account(charlie, "Acme Inc.").pk


def test_a_duplicate_is_made_on_purpose_with_a_row_in_the_log(alice: User, erin: User, dana: User) -> None:
    first = make_account(alice, "Acme Inc.")
    second = make_account(alice, "Acme Inc.", allow_duplicate=True)
    facts = AuditEntry.objects.about(second).get().facts
    assert facts["duplicate_of"][0]["id"] == first.pk
    make_account(erin, "Moldau")
    with pytest.raises(NotAllowed):
        make_account(erin, "Moldau", allow_duplicate=True)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"kind": "planet"}, "kind"),
        ({"currency": "XYZ"}, "currency"),
        ({"employees": -1}, "employees"),
        ({"annual_revenue": Decimal(-1)}, "annual_revenue"),
        ({"annual_revenue": Decimal(10) ** 17}, "annual_revenue"),
    ],
)
def test_bad_values_are_refused_by_name_and_nothing_is_written(alice: User, fields: Any, named: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        services.create_account(actor=alice, **{"name": "Acme", **fields})
    assert refused.value.errors[0].pointer == named
    assert not Account.objects.exists()


def test_an_emoji_name_is_a_name(alice: User) -> None:
    assert make_account(alice, "🚚 Ferreira & Filhos").name_key == "ferreira filhos"


@pytest.mark.spec("INV-91")
def test_a_change_raises_the_version_and_is_in_the_log(alice: User) -> None:
    account = make_account(alice, "Acme")
    changed = services.update_account(account=account, version=1, actor=alice, name="Acme Rail", industry="Rail")
    assert (changed.version, changed.name_key) == (2, "acme rail")
    row = AuditEntry.objects.about(account).get(action="account.changed")
    assert (row.before["name"], row.after["name"]) == ("Acme", "Acme Rail")
    assert services.update_account(account=account, version=2, actor=alice, name="Acme Rail").version == 2


def test_a_stale_copy_changes_nothing(alice: User) -> None:
    account = make_account(alice, "Acme")
    services.update_account(account=account, version=1, actor=alice, name="Acme Rail")
    with pytest.raises(StaleCopy):
        services.update_account(account=account, version=1, actor=alice, name="Acme Road")
    account.refresh_from_db()
    assert account.name == "Acme Rail"


@pytest.mark.spec("DA-02")
def test_a_parent_that_closes_a_circle_is_refused(alice: User) -> None:
    top = make_account(alice, "Top")
    middle = make_account(alice, "Middle", parent=top)
    bottom = make_account(alice, "Bottom", parent=middle)
    for parent in (top, middle, bottom):
        with pytest.raises(InvalidInput):
            services.update_account(account=top, version=1, actor=alice, parent=parent)
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(pk=top.pk).update(parent=top.pk)


def test_a_hidden_account_is_no_parent(alice: User, charlie: User) -> None:
    hidden = make_account(charlie, "Hidden")
    with pytest.raises(InvalidInput):
        make_account(alice, "Acme", parent=hidden)


def test_who_may_not_add_accounts_adds_none(cast: Any) -> None:
    cast.alice.groups.clear()
    with pytest.raises(NotAllowed):
        make_account(User.objects.get(pk=cast.alice.pk), "Acme")
    assert not Account.objects.exists()


def test_an_archived_account_leaves_the_lists_and_comes_back(alice: User) -> None:
    account = services.archive_account(account=make_account(alice, "Acme"), version=1, actor=alice)
    assert not Account.objects.active().exists()
    with pytest.raises(IllegalState):
        services.update_account(account=account, version=2, actor=alice, name="Other")
    with pytest.raises(IllegalState):
        make_contact(account)
    assert make_account(alice, "Acme").pk  # unique rules ignore archived rows
    restored = services.restore_account(account=account, version=2, actor=alice)
    assert restored.archived_at is None
    with pytest.raises(IllegalState):
        services.restore_account(account=account, version=3, actor=alice)


def test_an_upsert_creates_once_and_then_changes(alice: User, charlie: User) -> None:
    first, made = services.upsert_account(system="erp", external_id="7", actor=alice, name="Acme")
    again, made_again = services.upsert_account(system="erp", external_id="7", actor=alice, name="Acme Rail")
    assert (made, made_again, first.pk) == (True, False, again.pk)
    with pytest.raises(Http404):
        services.upsert_account(system="erp", external_id="7", actor=charlie, name="Mine")
    with pytest.raises(InvalidInput):
        services.upsert_account(system="erp", external_id="8", actor=alice)


def test_history_keeps_what_an_account_was(alice: User) -> None:
    account = make_account(alice, "Acme")
    Account.objects.filter(pk=account.pk).update(city="Graz")  # past the services: no path can skip it
    services.update_account(account=account, version=1, actor=alice, name="Acme Rail")
    assert [row.name for row in account.events.order_by("pgh_id")] == ["Acme", "Acme"]


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ({}, ""),
        ({"country": "Canada"}, "Canada"),
        ({"street": "1 Quay", "postal_code": "0150", "city": "Oslo", "country": "Norway"}, "1 Quay, 0150 Oslo, Norway"),
        ({"city": "Austin", "state": "Texas"}, "Austin, Texas"),
    ],
)
def test_an_address_has_no_gap_where_nothing_is_known(facts: dict[str, str], line: str) -> None:
    assert Account(**facts).address == line


def test_full_clean_finds_the_model_sound(alice: User) -> None:
    account = make_account(alice, "Acme")
    account.full_clean()
    account.name = ""
    with pytest.raises(ValidationError) as refused:
        account.full_clean()
    assert set(refused.value.message_dict) == {"name"}


@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_cannot_close_a_circle() -> None:
    alice = make_cast().alice
    one, two = make_account(alice, "One"), make_account(alice, "Two")

    def hang(account: Account, parent: Account) -> Any:
        return services.update_account(account=account, version=1, actor=alice, parent=parent)

    results = at_once(lambda: hang(one, two), lambda: hang(two, one))
    assert sorted(type(result).__name__ for result in results) == ["Account", "InvalidInput"]
    assert Account.objects.filter(parent__isnull=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_external_id_sent_twice_at_once_makes_one_account() -> None:
    alice = make_cast().alice

    def put() -> Any:
        return services.upsert_account(system="erp", external_id="7", actor=alice, name="Acme")

    results = at_once(put, put, put)
    assert sorted(made for _account, made in results) == [False, False, True]
    assert Account.objects.count() == 1
