"""A thousand mails of a sequence are due, and the worker dies twice: before a text is handed over, and after."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import time
from typing import Any

import pytest
from celery import current_app

from leads import services
from leads.models import ContactPolicy, Enrollment, Lead, SentMessage
from tests.cast import Cast, make_cast
from tests.e2e.conftest import eventually
from tests.e2e.product import Product
from tests.leads.builders import make_sequence
from tests.leads.smtp import PostOffice, post_office

PEOPLE, BEFORE, AFTER = 1000, 300, 600
Mail = SentMessage.Status


@pytest.fixture
def cast(quiet: None) -> Cast:
    return make_cast()


class Blows:
    """The server stops at the n-th address and at the m-th last dot, until the worker is dead."""

    def __init__(self) -> None:
        self.stands = {"address": threading.Event(), "end": threading.Event()}
        self.goes = {"address": threading.Event(), "end": threading.Event()}
        self.held = ""

    def at_address(self, address: str, number: int) -> str | None:
        if number != BEFORE:
            return None
        self._wait("address")
        return "451 nobody listens any more"

    def at_end(self, address: str, number: int) -> str | None:
        if number == AFTER:
            self.held = address
            self._wait("end")
        return None  # it has the mail, whoever hears of it

    def _wait(self, where: str) -> None:
        self.stands[where].set()
        self.goes[where].wait(60)


Stage = tuple[Product, PostOffice, Blows]


@pytest.fixture
def worker(
    quiet: None, product: Product, monkeypatch: Any, settings: Any
) -> Iterator[tuple[Product, PostOffice, Blows]]:
    """No worker yet; the next one sends to a mail server on this machine, and the one after this test does not."""
    blows = Blows()
    with (
        post_office(settings, at_address=blows.at_address, at_end=blows.at_end) as office,
        monkeypatch.context() as own,
    ):
        own.setenv("EMAIL_URL", f"smtp://127.0.0.1:{office.port}")
        own.setenv("MAIL_CLAIM_SECONDS", "3")
        product.kill_worker()
        yield product, office, blows
        for event in blows.goes.values():
            event.set()
        if "worker" in product.processes:
            product.kill_worker()
    product.start_worker()


def people(cast: Cast) -> None:
    """In the sequence, at any hour."""
    sequence = make_sequence(cast.bob, (0, "email"), on_weekends=True)
    rows = [
        Lead(last_name=f"Due{n}", company="Thousand", owner=cast.alice, email=address, email_key=address)
        for n, address in enumerate(f"due{n}@thousand.example" for n in range(PEOPLE))
    ]
    leads = Lead.objects.bulk_create(rows)
    ContactPolicy.objects.bulk_create(
        ContactPolicy(lead=lead, time_zone="UTC", window_from=time(0), window_to=time(23, 59, 59, 999999))
        for lead in leads
    )
    assert len(services.enroll(sequence=sequence, leads=leads, actor=cast.alice).enrollments) == PEOPLE


def run() -> None:
    """As the clock does every five minutes."""
    current_app.send_task("leads.run_sequence_steps", queue="leads")


def sent() -> int:
    return SentMessage.objects.filter(status=Mail.SENT).count()


@pytest.mark.spec("SD-09")
def test_a_thousand_due_at_once_are_sent_once_each_though_the_worker_is_killed_twice(cast: Cast, worker: Stage) -> None:
    product, office, blows = worker
    people(cast)
    run()
    run()  # twice: once is enough
    product.start_worker()
    eventually(blows.stands["address"].is_set, what="it never came to the first blow")
    product.kill_worker()
    blows.goes["address"].set()
    assert sent() == len(office.taken) == BEFORE - 1
    run()
    product.start_worker()
    eventually(blows.stands["end"].is_set, what="it never came to the second blow")
    product.kill_worker()
    blows.goes["end"].set()
    # The server has it and nobody heard the answer: the mark is there, the confirmation is not.
    doubtful = SentMessage.objects.get(to=blows.held)
    assert doubtful.handed_at is not None and doubtful.sent_at is None
    run()
    product.start_worker()

    eventually(lambda: sent() > PEOPLE * 0.9, what="the next worker did not go on")

    def over() -> bool:
        run()  # what the dead worker had claimed comes free after a while
        return not SentMessage.objects.filter(status=Mail.WAITING).exists()

    eventually(over, what="not all were sent")
    doubtful.refresh_from_db()
    assert doubtful.status == Mail.UNCONFIRMED and sent() == PEOPLE - 1
    times = Counter(mail.to for mail in office.taken)
    assert set(times.values()) == {1} and len(times) == PEOPLE, "each mail once, the doubtful one too"
    assert Enrollment.objects.filter(status=Enrollment.Status.FINISHED).count() == PEOPLE
