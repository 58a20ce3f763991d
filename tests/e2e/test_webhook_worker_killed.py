"""The worker dies while receivers hold its requests; the next one repeats what nobody confirmed, under the same id."""

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from revops.core.outbox import deliver_due
from revops.integrations.models import WebhookAttempt, WebhookMessage
from revops.integrations.services.messages import AT_ONCE
from tests.cast import Cast, make_cast
from tests.e2e.conftest import eventually
from tests.e2e.product import Product
from tests.integrations.receiver import Receiver, Taken, listening, make_webhook, signed_by
from tests.opportunities.builders import make_account, make_deal

DEALS = 8
ENVIRONMENT = {
    "WEBHOOK_PRIVATE_HOSTS": "localhost",
    "WEBHOOK_ALLOW_HTTP": "1",
    "WEBHOOK_TIMEOUT_SECONDS": "6",
    "WEBHOOK_CLAIM_SECONDS": "7",
}


@pytest.fixture
def cast(quiet: None) -> Cast:
    return make_cast()


@pytest.fixture
def worker(quiet: None, product: Product, monkeypatch: Any, settings: Any) -> Iterator[Product]:
    """No worker yet; the next one may send to this machine, and the one after this test may not."""
    settings.WEBHOOK_PRIVATE_HOSTS, settings.WEBHOOK_ALLOW_HTTP = ["localhost"], True
    with monkeypatch.context() as patched:
        for name, value in ENVIRONMENT.items():
            patched.setenv(name, value)
        product.kill_worker()
        yield product
    if "worker" in product.processes:
        product.kill_worker()
    product.start_worker()


def all_arrived() -> bool:
    return WebhookMessage.objects.filter(state="done").count() == DEALS


@pytest.mark.spec("INV-93")
def test_a_worker_killed_in_the_middle_of_deliveries_loses_none_and_repeats_under_the_same_id(
    cast: Cast, worker: Product
) -> None:
    killed = threading.Event()

    def held(taken: Taken, number: int) -> tuple[int, dict[str, str], bytes]:
        # The first ones come and are never answered in time: the blow falls while they wait.
        if not killed.is_set():
            killed.wait(30)
        return 200, {}, b""

    with listening(Receiver(reply=held)) as receiver:
        _hook, secret = make_webhook(cast.olga, receiver.url)
        account = make_account(cast.alice)
        for _number in range(DEALS):
            make_deal(cast.alice, account=account)
        # All stand ready before anybody sends, so that as many as may go out go out together.
        while deliver_due():
            pass
        assert WebhookMessage.objects.filter(state="pending").count() == DEALS
        worker.start_worker()
        eventually(lambda: receiver.under_way == AT_ONCE, what="the receiver did not hold as many as it may")
        worker.kill_worker()
        before = [taken.id for taken in receiver.taken]
        assert len(before) == AT_ONCE and not WebhookAttempt.objects.exists()
        killed.set()
        assert WebhookMessage.objects.filter(state="pending").count() == DEALS
        worker.start_worker()
        eventually(all_arrived, what="not all messages arrived")
        times = Counter(taken.id for taken in receiver.taken)
    assert set(times) == {message.message_id for message in WebhookMessage.objects.all()}
    # Twice came only what was under way when the worker died, and the receiver can tell by the id.
    assert {key: count for key, count in times.items() if count > 1} == dict.fromkeys(before, 2)
    assert all(signed_by(taken, secret) for taken in receiver.taken)
    assert len({taken.body for taken in receiver.taken}) == DEALS
    lost = WebhookAttempt.objects.filter(status=None)
    assert {attempt.message.message_id for attempt in lost.select_related("message")} == set(before)
    assert all("stopped in the middle" in attempt.error for attempt in lost)
