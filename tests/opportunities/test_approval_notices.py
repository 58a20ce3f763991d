"""What people hear of approvals."""

import pytest

from revops.users.models import Notification
from tests.builders import make_user
from tests.cast import Cast
from tests.opportunities.quote_builders import decide, make_quote, open_request, submit

pytestmark = pytest.mark.django_db


def told(kind: str) -> set[tuple[str, str]]:
    return set(Notification.objects.filter(kind=kind).values_list("user__username", "title"))


def test_the_manager_hears_that_a_quote_waits_and_the_seller_that_it_is_approved(cast: Cast) -> None:
    quote = submit(make_quote(cast.alice, 100_000, 22), cast.alice)
    assert told("approval.waiting") == {("bob", f"{quote.number} over $100,000.00 waits for your approval")}
    assert told("approval.decided") == set()
    decide(quote, cast.bob)
    assert told("approval.decided") == {("alice", f"{quote.number} is approved")}


def test_each_role_hears_when_its_turn_comes_and_a_no_is_told_with_its_reason(cast: Cast) -> None:
    desk = make_user("desk", roles=("Deal desk",))
    quote = submit(make_quote(cast.alice, 300_000, 22), cast.alice)
    assert {who for who, _title in told("approval.waiting")} == {"desk"}
    decide(quote, desk)
    assert {who for who, _title in told("approval.waiting")} == {"desk", "erin"}
    decide(quote, cast.erin, "Too thin", yes=False)
    assert told("approval.decided") == {("alice", f"{cast.erin} sent {quote.number} back")}
    assert Notification.objects.get(kind="approval.decided").body == "Too thin"


def test_a_quote_that_needs_nobody_is_told_to_nobody(cast: Cast) -> None:
    submit(make_quote(cast.alice, 1000, 40), cast.alice)
    assert not Notification.objects.exists()


def test_whoever_submits_is_never_asked(cast: Cast) -> None:
    desk = make_user("desk", roles=("Deal desk", "Sales rep"))
    quote = submit(make_quote(desk, 300_000, 22), desk)
    assert open_request(quote).submitted_by == desk
    assert told("approval.waiting") == set()
