import pytest

from accounts import services
from accounts.models import Contact
from revops.core.errors import DuplicateSuspected, InvalidInput, StaleCopy
from revops.users.models import User
from tests.accounts.builders import make_account, make_contact


def test_a_contact_stands_at_its_account_and_has_its_owner(alice: User) -> None:
    contact = make_contact(make_account(alice), "Pike", first_name="Joanna", email="J.Pike@Tamar.example")
    assert (contact.name, contact.owner, contact.email_key) == ("Joanna Pike", alice, "j.pike@tamar.example")


def test_the_same_address_at_one_account_is_suspected(alice: User) -> None:
    account = make_account(alice)
    first = make_contact(account, "Pike", email="pike@tamar.example")
    with pytest.raises(DuplicateSuspected) as refused:
        make_contact(account, "Pike", email="PIKE@tamar.example")
    assert [row["id"] for row in refused.value.facts["candidates"]] == [first.pk]
    assert make_contact(account, "Pike", email="pike@tamar.example", allow_duplicate=True).pk != first.pk


@pytest.mark.parametrize("email", ["pike", "pike@", "pike@tamar", "a b@tamar.example", "pike@tamar.example\x00"])
def test_an_address_that_is_none_is_refused(alice: User, email: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        make_contact(make_account(alice), "Pike", email=email)
    assert refused.value.errors[0].pointer == "email"
    assert not Contact.objects.exists()


def test_a_contact_moves_only_to_an_account_in_sight(alice: User, charlie: User) -> None:
    contact = make_contact(make_account(alice), "Pike")
    other = make_account(alice, "Second")
    moved = services.update_contact(contact=contact, version=1, actor=alice, account=other)
    assert moved.account == other
    with pytest.raises(InvalidInput):
        services.update_contact(contact=contact, version=2, actor=alice, account=make_account(charlie))


def test_a_stale_contact_changes_nothing(alice: User) -> None:
    contact = make_contact(make_account(alice), "Pike")
    services.update_contact(contact=contact, version=1, actor=alice, title="Head")
    with pytest.raises(StaleCopy):
        services.update_contact(contact=contact, version=1, actor=alice, title="Boss")


def test_an_archived_contact_comes_back(alice: User) -> None:
    contact = services.archive_contact(contact=make_contact(make_account(alice)), version=1, actor=alice)
    assert not Contact.objects.active().exists()
    assert services.restore_contact(contact=contact, version=2, actor=alice).archived_at is None
