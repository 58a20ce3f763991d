"""Messages reach their receiver once at least: tried for three days, by any number of senders, past any that dies."""

import socket
import threading
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection

from revops.core import clock
from revops.core.errors import IllegalState, NotAllowed
from revops.core.models import AuditEntry
from revops.core.registries import day_for
from revops.integrations import services
from revops.integrations.models import Webhook, WebhookAttempt, WebhookMessage
from revops.integrations.tasks import forget_webhook_messages, send_webhooks
from revops.users.models import Notification, User
from tests.core.threads import together
from tests.integrations.receiver import Receiver, Taken, listening, make_webhook, sent
from tests.opportunities.builders import make_account, make_deal

START = "2026-03-02T10:00:00Z"
WAITS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]


def deals(owner: User, count: int) -> None:
    account = make_account(owner)
    for _number in range(count):
        make_deal(owner, account=account)


# Tries ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_message_is_tried_for_three_days_then_the_webhook_is_disabled_and_its_owner_told(
    olga: User, alice: User, receiver: Receiver
) -> None:
    receiver.answer(503, body=b"later")
    with time_machine.travel(START, tick=False) as traveller:
        hook, _secret = make_webhook(olga, receiver.url)
        make_deal(alice)
        start, waits = clock.now(), []
        for tries in range(1, len(WAITS) + 1):
            assert sent() == 1
            message = WebhookMessage.objects.get()
            assert (message.state, message.tries) == ("pending", tries)
            waits.append((message.next_try_at - clock.now()).total_seconds())
            traveller.move_to(message.next_try_at - timedelta(seconds=1))
            assert sent() == 0
            traveller.shift(timedelta(seconds=1))
            assert Webhook.objects.get().state == "active"
        assert waits == WAITS
        assert sent() == 1
        message.refresh_from_db()
        hook.refresh_from_db()
        assert (message.state, message.tries, message.attempts.count()) == ("dead", 10, 10)
        assert clock.now() - start > timedelta(days=3)
        assert hook.state == "disabled" and hook.disabled_at == clock.now() and "503" in hook.disabled_reason
        assert len({taken.id for taken in receiver.taken}) == 1 and len({taken.body for taken in receiver.taken}) == 1
        assert len({taken.headers["webhook-timestamp"] for taken in receiver.taken}) == 10
        notice = Notification.objects.get(user=olga)
        assert (notice.kind, notice.url) == ("webhook.disabled", hook.get_absolute_url())
        assert "“Warehouse” is disabled" in [item.title for item in day_for(olga, clock.today())]
        assert AuditEntry.objects.get(action="webhook.disabled").actor is None
        make_deal(alice)
        assert sent() == 0
    first = message.attempts.first()
    assert (first.status, first.answer, first.error) == (503, "later", "It answered 503; only 2xx counts.")


@pytest.mark.django_db
def test_a_younger_message_disables_it_too_once_nothing_arrived_for_three_days(
    olga: User, alice: User, receiver: Receiver
) -> None:
    receiver.answer(500)
    with time_machine.travel(START, tick=False) as traveller:
        make_webhook(olga, receiver.url)
        make_deal(alice)
        sent()
        WebhookMessage.objects.update(next_try_at=clock.now() + timedelta(days=30))
        traveller.shift(timedelta(days=2, hours=23))
        make_deal(alice)
        assert sent() == 1 and Webhook.objects.get().state == "active"
        traveller.shift(timedelta(hours=1))
        assert sent() == 1 and Webhook.objects.get().state == "disabled"
        assert WebhookMessage.objects.filter(state="pending").count() == 2


@pytest.mark.django_db
def test_one_success_ends_the_failing(olga: User, alice: User, receiver: Receiver) -> None:
    receiver.reply = lambda taken, number: (500 if number == 1 else 204, {}, b"")
    with time_machine.travel(START, tick=False) as traveller:
        hook, _secret = make_webhook(olga, receiver.url)
        make_deal(alice)
        sent()
        hook.refresh_from_db()
        assert hook.failing_since == clock.now()
        traveller.shift(timedelta(seconds=5))
        assert sent() == 1
    hook.refresh_from_db()
    assert (hook.failing_since, hook.quiet_until, hook.version) == (None, None, 1)
    assert list(WebhookMessage.objects.values_list("state", "tries", "last_error")) == [("done", 2, "")]


@pytest.mark.django_db
def test_gone_for_good_disables_at_once(olga: User, alice: User, receiver: Receiver) -> None:
    receiver.answer(410)
    hook, _secret = make_webhook(olga, receiver.url)
    make_deal(alice)
    assert sent() == 1
    hook.refresh_from_db()
    assert hook.state == "disabled" and "410" in hook.disabled_reason
    assert Notification.objects.filter(user=olga, kind="webhook.disabled").count() == 1


@pytest.mark.parametrize("status", [100 + 99, 301, 302, 307, 308, 400, 404, 429, 500])
@pytest.mark.django_db
def test_only_2xx_counts(olga: User, alice: User, receiver: Receiver, status: int) -> None:
    receiver.answer(status)
    make_webhook(olga, receiver.url)
    make_deal(alice)
    sent()
    message = WebhookMessage.objects.get()
    assert (message.state, message.tries) == ("pending", 1)
    assert message.attempts.get().status == status


@pytest.mark.django_db
def test_a_dead_receiver_is_asked_ever_more_seldom(olga: User, alice: User, receiver: Receiver) -> None:
    receiver.answer(500)
    make_webhook(olga, receiver.url)
    deals(alice, 40)
    sent()
    assert 0 < len(receiver.taken) < 25
    receiver.answer(200)
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        sent()
    assert WebhookMessage.objects.filter(state="done").count() == 40


@pytest.mark.django_db
def test_nobody_there_is_a_failure_that_says_so(olga: User, alice: User, local_hosts: None) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        make_webhook(olga, f"http://localhost:{taken.getsockname()[1]}/")
        make_deal(alice)
        assert sent() == 1
    attempt = WebhookAttempt.objects.get()
    assert attempt.status is None and attempt.error.startswith("No connection")


def dripping(listener: socket.socket, first: bytes, stop: threading.Event) -> None:
    """A server that sends a byte now and then, so that no single wait is ever long."""
    with suppress(OSError):
        client, _address = listener.accept()
        client.sendall(first)
        while not stop.wait(0.1):
            client.sendall(b"x")


@pytest.mark.parametrize(
    ("first", "status"),
    [(b"HTTP/1.1 200 OK\r\nX-", 200), (b"HTTP/1.1 200 OK\r\n\r\n", 200), (b"HTTP/1.1 2", None), (b"SSH-2.0-", None)],
)
@pytest.mark.django_db
def test_a_receiver_that_drips_is_cut_off(
    olga: User, alice: User, settings: Any, local_hosts: None, first: bytes, status: int | None
) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 1
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=dripping, args=(listener, first, stop), daemon=True)
        thread.start()
        make_webhook(olga, f"http://localhost:{listener.getsockname()[1]}/")
        make_deal(alice)
        assert sent() == 1
        stop.set()
        thread.join(10)
    attempt = WebhookAttempt.objects.get()
    # Without the cut it would drip for as long as this test lets it.
    assert attempt.milliseconds < 30_000
    # Once the status is there, the receiver has said what counts.
    assert attempt.status == status and bool(attempt.error) == (status is None)


@pytest.mark.django_db
def test_of_an_answer_the_first_thousand_characters_are_kept(olga: User, alice: User, receiver: Receiver) -> None:
    receiver.answer(200, body=b"\x00\xff" + "ü".encode() * 5000)
    make_webhook(olga, receiver.url)
    make_deal(alice)
    sent()
    answer = WebhookAttempt.objects.get().answer
    assert len(answer) == 1000 and answer.startswith("\ufffd\ufffdüü")


# Several senders, slow receivers, dead senders ---------------------------------------------


@pytest.mark.spec("INV-93")
@pytest.mark.django_db(transaction=True)
def test_three_senders_at_once_send_each_message_once(olga: User, alice: User, receiver: Receiver) -> None:
    make_webhook(olga, receiver.url)
    deals(alice, 20)
    tried = together(send_webhooks, send_webhooks, send_webhooks)
    while WebhookMessage.objects.filter(state="pending").exists():
        tried.append(send_webhooks())
    assert sum(tried) == 20 == len(receiver.taken) == WebhookAttempt.objects.count()
    assert len({taken.id for taken in receiver.taken}) == 20
    assert receiver.most_at_once <= 4


@pytest.mark.django_db(transaction=True)
def test_nothing_leaves_inside_a_transaction(olga: User, alice: User, receiver: Receiver) -> None:
    def open_transactions(taken: Taken, number: int) -> tuple[int, dict[str, str], bytes]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%%'"
            )
            count = cursor.fetchone()[0]
        connection.close()
        return 200, {}, str(count).encode()

    receiver.reply = open_transactions
    make_webhook(olga, receiver.url)
    make_deal(alice)
    assert sent() == 1
    assert WebhookAttempt.objects.get().answer == "0"


@pytest.mark.django_db
def test_a_slow_receiver_does_not_hold_up_another(olga: User, alice: User, receiver: Receiver) -> None:
    others_done = threading.Event()

    def waits(taken: Taken, number: int) -> tuple[int, dict[str, str], bytes]:
        return (200 if others_done.wait(8) else 500), {}, b""

    def counts(taken: Taken, number: int) -> tuple[int, dict[str, str], bytes]:
        if number == 12:
            others_done.set()
        return 200, {}, b""

    receiver.reply = waits
    with listening(Receiver(reply=counts)) as quick:
        make_webhook(olga, receiver.url, name="Slow")
        make_webhook(olga, quick.url, name="Quick")
        deals(alice, 12)
        sent()
    # The slow one answered 200 only because all twelve of the quick one came while it held its own.
    assert len(quick.taken) == 12
    assert list(WebhookMessage.objects.order_by("state").values_list("state", flat=True).distinct()) == ["done"]
    assert receiver.most_at_once <= 4


@pytest.mark.spec("INV-93")
@pytest.mark.django_db
def test_what_a_dead_sender_held_goes_again_under_the_same_id(
    olga: User, alice: User, receiver: Receiver, settings: Any
) -> None:
    with time_machine.travel(START, tick=False) as traveller:
        make_webhook(olga, receiver.url)
        make_deal(alice)
        (lost,) = services.claim_messages(most=16)
        assert sent() == 0
        traveller.shift(timedelta(seconds=settings.WEBHOOK_CLAIM_SECONDS))
        assert sent() == 1
    message = WebhookMessage.objects.get()
    assert receiver.taken[0].id == lost.headers["webhook-id"] == message.message_id
    assert (message.state, message.tries) == ("done", 2)
    assert "stopped in the middle" in message.attempts.get(status=None).error


@pytest.mark.django_db
def test_a_sender_that_comes_back_late_changes_only_what_it_knows(olga: User, alice: User, settings: Any) -> None:
    from revops.integrations.posting import Answer

    with time_machine.travel(START, tick=False) as traveller:
        make_webhook(olga, "https://hooks.example.com/")
        make_deal(alice)
        (late,) = services.claim_messages(most=1)
        traveller.shift(timedelta(seconds=settings.WEBHOOK_CLAIM_SECONDS))
        (second,) = services.claim_messages(most=1)
        services.record_attempt(parcel=late, answer=Answer(500, 1, "It answered 500; only 2xx counts."))
        message = WebhookMessage.objects.get()
        assert message.state == "pending" and message.claimed_until == second.claim
        services.record_attempt(parcel=late, answer=Answer(200, 1))
        services.record_attempt(parcel=second, answer=Answer(500, 1, "It answered 500; only 2xx counts."))
    message.refresh_from_db()
    assert (message.state, message.claimed_until) == ("done", None)
    assert Webhook.objects.get().failing_since is None


# Pause, replay, test, log ------------------------------------------------------------------


@pytest.mark.django_db
def test_what_happens_during_a_pause_waits(olga: User, alice: User, receiver: Receiver) -> None:
    hook, _secret = make_webhook(olga, receiver.url)
    hook = services.pause_webhook(webhook=hook, version=1, actor=olga)
    make_deal(alice)
    assert sent() == 0 and WebhookMessage.objects.get().state == "pending"
    with pytest.raises(IllegalState):
        services.pause_webhook(webhook=hook, version=2, actor=olga)
    services.resume_webhook(webhook=hook, version=2, actor=olga)
    assert sent() == 1 and len(receiver.taken) == 1


@pytest.mark.django_db
def test_after_a_repair_what_failed_goes_again_with_all_its_tries(olga: User, alice: User, receiver: Receiver) -> None:
    receiver.answer(410)
    with time_machine.travel(START, tick=False) as traveller:
        hook, _secret = make_webhook(olga, receiver.url)
        make_deal(alice)
        WebhookMessage.objects.update(tries=9)
        sent()
        assert WebhookMessage.objects.get().state == "dead"
        traveller.shift(timedelta(hours=1))
        since = clock.now()
        make_deal(alice)
        WebhookMessage.objects.filter(state="pending").update(state="dead")
        hook.refresh_from_db()
        hook = services.resume_webhook(webhook=hook, version=hook.version, actor=olga)
        assert (hook.state, hook.failing_since, hook.disabled_at, hook.disabled_reason) == ("active", None, None, "")
        receiver.answer(200)
        assert sent() == 0
        assert services.replay_failed(webhook=hook, since=since, actor=olga) == 1
        assert sent() == 1
        old = WebhookMessage.objects.get(state="dead")
        services.replay_message(message=old, actor=olga)
        old.refresh_from_db()
        assert (old.state, old.tries) == ("pending", 0)
        assert sent() == 1
    assert receiver.taken[0].id == receiver.taken[2].id and receiver.taken[0].body == receiver.taken[2].body
    assert AuditEntry.objects.filter(action="webhook.replayed").count() == 2


@pytest.mark.django_db
def test_what_arrived_can_be_sent_again_and_what_waits_is_left_alone(
    olga: User, alice: User, receiver: Receiver
) -> None:
    make_webhook(olga, receiver.url)
    make_deal(alice)
    message = WebhookMessage.objects.get()
    services.replay_message(message=message, actor=olga)
    assert not AuditEntry.objects.filter(action="webhook.replayed").exists()
    sent()
    services.replay_message(message=message, actor=olga)
    sent()
    assert [taken.id for taken in receiver.taken] == [message.message_id] * 2
    with pytest.raises(NotAllowed):
        services.replay_message(message=message, actor=alice)
    with pytest.raises(NotAllowed):
        services.replay_failed(webhook=message.webhook, since=clock.now(), actor=alice)


@pytest.mark.django_db
def test_a_test_event_is_tried_once_even_while_paused_and_changes_nothing(olga: User, receiver: Receiver) -> None:
    receiver.answer(410)
    hook, _secret = make_webhook(olga, receiver.url)
    hook = services.pause_webhook(webhook=hook, version=1, actor=olga)
    services.send_test(webhook=hook, actor=olga)
    with pytest.raises(IllegalState):
        services.send_test(webhook=hook, actor=olga)
    assert sent() == 1
    message = WebhookMessage.objects.get()
    hook.refresh_from_db()
    assert (message.state, message.tries, hook.state, hook.failing_since) == ("dead", 1, "paused", None)
    assert receiver.taken[0].json["type"] == "webhook.test"
    assert receiver.taken[0].json["data"] == {"webhook_id": hook.pk, "name": "Warehouse"}
    receiver.answer(200)
    services.send_test(webhook=hook, actor=olga)
    assert sent() == 1
    assert services.replay_failed(webhook=hook, since=clock.now() - timedelta(days=1), actor=olga) == 0


@pytest.mark.django_db
def test_the_log_goes_back_thirty_days(olga: User, alice: User, receiver: Receiver) -> None:
    with time_machine.travel(START, tick=False) as traveller:
        make_webhook(olga, receiver.url)
        make_deal(alice)
        sent()
        traveller.shift(timedelta(days=1))
        make_deal(alice)
        sent()
        traveller.shift(timedelta(days=29))
        assert forget_webhook_messages() == 0
        traveller.shift(timedelta(seconds=1))
        assert forget_webhook_messages() == 1
        assert WebhookMessage.objects.count() == WebhookAttempt.objects.count() == 1
        traveller.shift(timedelta(days=1))
        assert forget_webhook_messages() == 1
