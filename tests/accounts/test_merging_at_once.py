"""What is written on a record while it is merged away: it goes along, or it is refused. Nothing stays on the alias."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction

from accounts import services
from accounts.models import Account, Activity, Contact
from leads import services as lead_services
from leads.models import LeadActivity
from opportunities import services as deals
from opportunities.models import Opportunity
from opportunities.setup import ensure_pipeline
from orders import services as orders
from orders.models import Order
from postsales import services as care
from postsales.models import SupportCase
from revops.core import clock
from revops.core.errors import IllegalState
from tests.accounts.builders import make_account, make_contact
from tests.builders import make_price_book, make_product
from tests.cast import Cast
from tests.leads.builders import make_lead

Write = Callable[[Any], Any]


def apart(act: Callable[[], Any]) -> Future[Any]:
    """The act in a thread with a connection of its own."""

    def run() -> Any:
        try:
            return act()
        except IllegalState as error:
            return error
        finally:
            connection.close()

    pool = ThreadPoolExecutor(max_workers=1)
    future = pool.submit(run)
    pool.shutdown(wait=False)
    return future


def until_it_waits(future: Future[Any]) -> None:
    """The other one stands before a lock of ours."""
    for _ in range(1000):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
        if future.done():
            raise AssertionError(f"it waited for nobody: {future.result()!r}")
        Event().wait(0.01)
    raise AssertionError("it waits for something else")


def pair_of_accounts(cast: Cast) -> tuple[Account, Account]:
    one = make_account(cast.alice)
    return one, make_account(cast.alice)


def merge_accounts(pair: Any, cast: Cast) -> Any:
    return services.merge_accounts(winner=pair[0], loser=pair[1], version=None, actor=cast.alice)


def writes_on_an_account(cast: Cast) -> dict[str, tuple[Any, Write]]:
    """How each is written, and where it is found."""
    alice, due, product = (
        cast.alice,
        clock.now() + timedelta(days=1),
        make_product(price=10, cost=5, book=make_price_book(is_default=True)),
    )
    line = {"product": product, "quantity": 1}
    return {
        "call": (
            Activity,
            lambda it: services.log_activity(actor=alice, kind="call", subject="Now", account=it),
        ),
        "task": (
            Activity,
            lambda it: services.plan_activity(actor=alice, kind="task", subject="Then", due_at=due, account=it),
        ),
        "contact": (Contact, lambda it: services.create_contact(actor=alice, account=it, last_name="Pike")),
        "deal": (Opportunity, lambda it: deals.create_opportunity(actor=alice, name="Deal", account=it)),
        "order": (
            Order,
            lambda it: orders.create_order(actor=alice, account=it, lines=[line], channel="pos"),
        ),
        "case": (SupportCase, lambda it: care.open_case(actor=cast.bob, account=it, subject="Broken")),
    }


@pytest.mark.spec("DA-02")
@pytest.mark.django_db(transaction=True)
def test_what_is_written_on_an_account_while_it_is_merged_away_is_never_left_behind(cast: Cast) -> None:
    ensure_pipeline()
    for name, (model, write) in writes_on_an_account(cast).items():
        _first_written_then_merged(name, model, write, cast)
        _first_merged_then_written(name, model, write, cast)


def _first_written_then_merged(name: str, model: Any, write: Write, cast: Cast) -> None:
    """The merge waits for the writer, and takes along what it wrote."""
    pair = pair_of_accounts(cast)
    with transaction.atomic():
        made = write(pair[1])
        merging = apart(lambda: merge_accounts(pair, cast))
        until_it_waits(merging)
    assert merging.result(timeout=10).loser_id == pair[1].pk, name
    assert model.objects.get(pk=made.pk).account_id == pair[0].pk, name


def _first_merged_then_written(name: str, model: Any, write: Write, cast: Cast) -> None:
    """The writer waits for the merge, and is told where to go on."""
    pair = pair_of_accounts(cast)
    with transaction.atomic():
        merge_accounts(pair, cast)
        writing = apart(lambda: write(Account.objects.get(pk=pair[1].pk)))
        until_it_waits(writing)
    refused = writing.result(timeout=10)
    assert isinstance(refused, IllegalState) and refused.code == "merged", (name, refused)
    assert not model.objects.filter(account_id__in=[one.pk for one in pair]).exists(), name


@pytest.mark.django_db(transaction=True)
def test_what_is_written_on_a_contact_or_a_lead_while_it_is_merged_away_is_never_left_behind(cast: Cast) -> None:
    alice, due = cast.alice, clock.now() + timedelta(days=1)
    account = make_account(alice)
    winner, loser = make_contact(account), make_contact(account)
    with transaction.atomic():
        services.merge_contacts(winner=winner, loser=loser, version=None, actor=alice)
        stale = Contact.objects.select_related("account").get(pk=loser.pk)
        stale.merged_into = None  # as somebody holds it who read it before
        writing = apart(lambda: services.log_activity(actor=alice, kind="call", subject="Now", contact=stale))
        until_it_waits(writing)
    assert writing.result(timeout=10).code == "merged"
    assert not Activity.objects.filter(contact__in=[winner, loser]).exists()

    acts: list[Write] = [
        lambda lead: lead_services.log_lead_activity(lead=lead, actor=alice, kind="call", subject="Now"),
        lambda lead: lead_services.plan_lead_activity(lead=lead, actor=alice, kind="task", subject="T", due_at=due),
        lambda lead: lead_services.cultivate_lead(lead=lead, actor=alice),
    ]
    for act in acts:
        one, other = make_lead(alice), make_lead(alice)
        with transaction.atomic():
            lead_services.merge_leads(winner=one, loser=other, version=None, actor=alice)
            writing = apart(lambda act=act, other=other: act(other))  # type: ignore[misc]
            until_it_waits(writing)
        assert writing.result(timeout=10).code == "merged"
        assert not LeadActivity.objects.filter(lead__in=[one, other]).exists()
    one, other = make_lead(alice), make_lead(alice)
    with transaction.atomic():
        acts[1](other)
        merging = apart(lambda: lead_services.merge_leads(winner=one, loser=other, version=None, actor=alice))
        until_it_waits(merging)
    merging.result(timeout=10)
    assert LeadActivity.objects.get().lead_id == one.pk


@pytest.mark.django_db(transaction=True)
def test_a_touch_by_a_form_goes_to_whoever_stands_for_the_lead_by_now(cast: Cast) -> None:
    winner, loser = make_lead(cast.alice), make_lead(cast.alice)
    with transaction.atomic():
        lead_services.merge_leads(winner=winner, loser=loser, version=None, actor=cast.alice)
        touching = apart(lambda: lead_services.note_touch(actor=None, campaign=None, lead=loser))
        until_it_waits(touching)
    assert touching.result(timeout=10).lead_id == winner.pk
