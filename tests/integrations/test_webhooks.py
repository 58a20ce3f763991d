"""Webhooks hear of what happens, as their owner may see it, signed so that the receiver knows us."""

import importlib
import inspect
from dataclasses import dataclass, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.db.models import F

from opportunities.services import update_opportunity
from revops.core import clock, outbox
from revops.core.errors import IllegalState, InvalidInput, NotAllowed, StaleCopy
from revops.core.models import AuditEntry, OutboxEvent
from revops.core.registries import hand_over
from revops.integrations import services, waking
from revops.integrations.models import Webhook, WebhookMessage
from revops.integrations.offers import Offer, by_source, offers
from revops.integrations.selectors import message_list
from revops.users.models import User
from tests.architecture.source import ROOMS
from tests.integrations.receiver import Receiver, make_webhook, sent, signed_by
from tests.opportunities.builders import make_deal

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.com/in"


def allowed(user: User) -> User:
    """The same person, with the right to have webhooks."""
    user.user_permissions.add(Permission.objects.get(codename="manage_webhooks"))
    return User.objects.get(pk=user.pk)


@dataclass(frozen=True)
class StatementPublished:
    """About pay."""

    statement_id: int


@pytest.fixture
def pay_is_offered(monkeypatch: Any) -> str:
    monkeypatch.setattr(offers, "_entries", dict(offers._entries))
    return offers.register(Offer(StatementPublished, "A statement is out", area="compensation")).key


def test_every_event_that_a_room_publishes_is_offered() -> None:
    found = 0
    for room in ROOMS:
        try:
            module = importlib.import_module(f"{room}.events")
        except ModuleNotFoundError:
            continue
        for _name, one in inspect.getmembers(module, is_dataclass):
            assert outbox.event_name(one) in by_source(), one
            found += 1
    assert found >= 18 and len({offer.key for offer in offers}) == len(offers)


def test_each_offer_names_a_field_of_its_event_and_a_scoped_model() -> None:
    for offer in offers:
        if offer.model is None:
            assert offer.needs, offer.key
        else:
            assert offer.field in offer.facts
            assert hasattr(offer.model._default_manager.all(), "visible_to")
            offer.model._default_manager.all().filter(**{offer.lookup: 1}).exists()


# What is sent -----------------------------------------------------------------------------


def test_what_happens_arrives_signed_in_the_shape_of_standard_webhooks(
    olga: User, alice: User, receiver: Receiver
) -> None:
    _hook, secret = make_webhook(olga, receiver.url)
    deal = make_deal(alice)
    assert sent() == 1
    (taken,) = receiver.taken
    message = WebhookMessage.objects.get()
    assert taken.path == "/hooks?from=revops"
    assert taken.headers["host"] == f"localhost:{receiver.port}"
    assert taken.headers["content-type"] == "application/json"
    assert taken.id == message.message_id and taken.id.startswith("msg_")
    assert abs(int(taken.headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60
    event = OutboxEvent.objects.get(pk=message.event_id)
    assert taken.json["type"] == "opportunity.moved"
    assert datetime.fromisoformat(taken.json["timestamp"]) - event.created_at < timedelta(milliseconds=1)
    assert taken.json["data"] == event.payload
    assert taken.json["data"]["opportunity_id"] == deal.pk
    assert signed_by(taken, secret) and not signed_by(taken, services.webhooks.sealing.new_secret())
    attempt = message.attempts.get()
    assert (message.state, message.tries, attempt.status, attempt.answer) == ("done", 1, 200, "thanks")


def test_messages_are_written_with_the_event_or_not_at_all(
    olga: User, alice: User, monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    make_webhook(olga, URL)
    woken: list[int] = []
    monkeypatch.setattr(waking, "_nudge", [lambda: woken.append(WebhookMessage.objects.count())])
    with pytest.raises(RuntimeError), transaction.atomic():
        make_deal(alice)
        assert WebhookMessage.objects.count() == 1
        raise RuntimeError
    assert not WebhookMessage.objects.exists() and not OutboxEvent.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        make_deal(alice)
        assert woken == []
    assert woken == [1]


def test_many_events_at_once_cost_the_statements_of_one(olga: User, django_assert_num_queries: Any) -> None:
    from leads.events import LeadQualified

    make_webhook(olga, URL, "lead.qualified")
    for count in (1, 100):
        with django_assert_num_queries(3):
            outbox.publish_all([LeadQualified(lead_id=number) for number in range(count)])
    assert WebhookMessage.objects.count() == 101


def test_only_chosen_events_that_pass_the_filter_are_written(olga: User, alice: User) -> None:
    make_webhook(olga, URL, "opportunity.moved", name="Won", filter={"to_stage": "closed_won"})
    make_webhook(olga, URL, "opportunity.moved", name="New", filter={"from_stage": ""})
    make_webhook(olga, URL, "order.booked", name="Booked")
    make_deal(alice)
    assert list(WebhookMessage.objects.values_list("webhook__name", flat=True)) == ["New"]


@pytest.mark.parametrize(
    ("events", "wanted"),
    [
        ((), {}),
        (("opportunity.won",), {}),
        (("opportunity.moved",), {"stage": "closed_won"}),
        (("opportunity.moved", "order.booked"), {"to_stage": "closed_won"}),
        (("opportunity.moved",), {"opportunity_id": "7"}),
        (("opportunity.moved",), {"opportunity_id": True}),
        (("opportunity.moved",), {"to_stage": None}),
        (("opportunity.moved",), {"to_stage": "x" * 201}),
        (("lead.created",), {"route": 1}),
    ],
)
def test_an_unknown_event_field_or_value_is_refused(olga: User, events: Any, wanted: Any) -> None:
    with pytest.raises(InvalidInput):
        services.create_webhook(actor=olga, name="Wrong", url=URL, events=events, filter=wanted)
    assert not Webhook.objects.exists()


# Who may hear of what ---------------------------------------------------------------------


@pytest.mark.spec("INV-92")
def test_what_the_owner_cannot_see_is_not_sent(alice: User, charlie: User, olga: User, receiver: Receiver) -> None:
    hook, _secret = make_webhook(allowed(charlie), receiver.url)
    make_deal(alice)
    make_deal(charlie)
    assert sent() == 1
    assert [taken.json["data"]["opportunity_id"] for taken in receiver.taken] == [
        WebhookMessage.objects.get(state="done").event.payload["opportunity_id"]
    ]
    kept = WebhookMessage.objects.get(state="withheld")
    assert kept.webhook == hook and "may not see" in kept.last_error and not kept.attempts.exists()


def test_what_counts_is_what_the_owner_sees_when_it_is_sent(
    alice: User, charlie: User, olga: User, receiver: Receiver
) -> None:
    make_webhook(allowed(charlie), receiver.url)
    deal = make_deal(alice)
    update_opportunity(opportunity=deal, owner=charlie, version=None, actor=olga)
    assert sent() == 1


def test_an_owner_without_the_right_any_more_hears_nothing_and_loses_nothing(
    alice: User, charlie: User, olga: User, receiver: Receiver
) -> None:
    charlie = allowed(charlie)
    hook, _secret = make_webhook(charlie, receiver.url)
    charlie.user_permissions.clear()
    make_deal(charlie)
    assert sent() == 0
    hook.refresh_from_db()
    assert hook.state == "disabled" and "Take it over" in hook.disabled_reason
    hook = services.take_over_webhook(webhook=hook, version=hook.version, actor=olga)
    services.resume_webhook(webhook=hook, version=hook.version, actor=olga)
    assert sent() == 1 and len(receiver.taken) == 1


def test_a_leavers_webhook_goes_on_with_the_sight_of_who_takes_it(
    alice: User, charlie: User, olga: User, receiver: Receiver
) -> None:
    hook, secret = make_webhook(allowed(charlie), receiver.url)
    make_deal(alice)
    assert hand_over.get("webhooks").hand(user=charlie, to=olga, actor=olga) == 1
    hook.refresh_from_db()
    assert hook.owner == olga
    assert sent() == 1 and signed_by(receiver.taken[0], secret)


def test_nobody_hears_of_pay_who_may_not_see_pay(
    pay_is_offered: str, olga: User, erin: User, receiver: Receiver
) -> None:
    with pytest.raises(InvalidInput):
        make_webhook(olga, receiver.url, pay_is_offered)
    hook, _secret = make_webhook(allowed(erin), receiver.url, pay_is_offered)
    outbox.publish(StatementPublished(1))
    assert sent() == 1
    # olga sees every record, and so the webhook; what it said of pay stays closed to her.
    assert hook in Webhook.objects.visible_to(olga)
    assert not message_list(viewer=olga, webhook=hook).exists()
    assert message_list(viewer=User.objects.get(pk=erin.pk), webhook=hook).count() == 1
    with pytest.raises(InvalidInput):
        services.take_over_webhook(webhook=hook, version=None, actor=olga)
    erin.groups.clear()
    outbox.publish(StatementPublished(2))
    assert sent() == 0
    assert WebhookMessage.objects.filter(state="withheld").count() == 1


def test_an_event_that_nobody_offers_never_leaves(
    monkeypatch: Any, olga: User, alice: User, receiver: Receiver
) -> None:
    make_webhook(olga, receiver.url)
    make_deal(alice)
    monkeypatch.setattr(offers, "_entries", {k: v for k, v in offers._entries.items() if k != "opportunity.moved"})
    make_deal(alice)
    assert sent() == 0
    assert list(WebhookMessage.objects.values_list("state", flat=True)) == ["withheld"]


# Making and changing ----------------------------------------------------------------------


def test_who_may_not_have_webhooks_makes_none(alice: User) -> None:
    with pytest.raises(NotAllowed):
        make_webhook(alice, URL)
    assert not Webhook.objects.exists()


def test_only_its_owner_changes_what_it_sends_and_where(olga: User, dana: User) -> None:
    hook, _secret = make_webhook(olga, URL)
    dana = allowed(dana)
    for act in (services.rotate_secret, lambda **given: services.update_webhook(url="https://dana.example/x", **given)):
        with pytest.raises(NotAllowed):
            act(webhook=hook, version=hook.version, actor=dana)
    hook.refresh_from_db()
    assert (hook.url, hook.version) == (URL, 1)
    services.pause_webhook(webhook=hook, version=1, actor=dana)
    services.take_over_webhook(webhook=hook, version=2, actor=dana)
    changed = services.update_webhook(webhook=hook, version=3, actor=dana, url="https://dana.example/x")
    assert changed.url == "https://dana.example/x"
    entry = AuditEntry.objects.get(action="webhook.changed")
    assert (entry.before["url"], entry.after["url"]) == (URL, "https://dana.example/x")


def test_a_stale_copy_changes_nothing(olga: User) -> None:
    hook, _secret = make_webhook(olga, URL)
    services.update_webhook(webhook=hook, version=1, actor=olga, name="Dock")
    with pytest.raises(StaleCopy):
        services.update_webhook(webhook=hook, version=1, actor=olga, name="Door")
    with pytest.raises(StaleCopy):
        services.rotate_secret(webhook=hook, version=1, actor=olga)
    assert Webhook.objects.get().name == "Dock"


def test_a_new_filter_is_checked_against_the_old_events_and_the_other_way_round(olga: User) -> None:
    hook, _secret = make_webhook(olga, URL, filter={"to_stage": "closed_won"})
    with pytest.raises(InvalidInput):
        services.update_webhook(webhook=hook, version=None, actor=olga, events=["order.booked"])
    with pytest.raises(InvalidInput):
        services.update_webhook(webhook=hook, version=None, actor=olga, filter={"order_id": 1})
    with pytest.raises(InvalidInput):
        services.update_webhook(webhook=hook, version=None, actor=olga, secret="whsec_x")
    changed = services.update_webhook(webhook=hook, version=None, actor=olga, events=["order.booked"], filter={})
    assert (changed.events, changed.filter) == (["order.booked"], {})


# Secrets ----------------------------------------------------------------------------------


def test_the_secret_is_stored_sealed_and_in_no_log(olga: User) -> None:
    hook, secret = make_webhook(olga, URL)
    _hook, second = services.rotate_secret(webhook=hook, version=None, actor=olga)
    assert secret.startswith("whsec_") and second != secret
    row = str(list(Webhook.objects.values()))
    log = str(list(AuditEntry.objects.values("before", "after", "facts")))
    for one in (secret, second):
        assert one not in row and one.removeprefix("whsec_") not in row
        assert one.removeprefix("whsec_") not in log


def test_both_secrets_sign_for_a_day_after_a_rotation(olga: User, alice: User, receiver: Receiver) -> None:
    with time_machine.travel("2026-03-02T10:00:00Z", tick=False) as traveller:
        hook, first = make_webhook(olga, receiver.url)
        hook, second = services.rotate_secret(webhook=hook, version=hook.version, actor=olga)
        make_deal(alice)
        traveller.shift(timedelta(hours=23, minutes=59))
        sent()
        assert signed_by(receiver.taken[0], first) and signed_by(receiver.taken[0], second)
        assert receiver.taken[0].headers["webhook-signature"].count("v1,") == 2
        traveller.shift(timedelta(minutes=1))
        make_deal(alice)
        sent()
        assert signed_by(receiver.taken[1], second) and not signed_by(receiver.taken[1], first)
        services.forget_messages()
        assert Webhook.objects.get().previous_secret == ""


def test_a_rotation_may_end_the_old_secret_at_once(olga: User, alice: User, receiver: Receiver) -> None:
    hook, first = make_webhook(olga, receiver.url)
    hook, second = services.rotate_secret(webhook=hook, version=None, actor=olga, keep_hours=0)
    make_deal(alice)
    sent()
    assert signed_by(receiver.taken[0], second) and not signed_by(receiver.taken[0], first)
    for hours in (-1, 169):
        with pytest.raises(InvalidInput):
            services.rotate_secret(webhook=hook, version=None, actor=olga, keep_hours=hours)


def test_another_secret_key_cannot_sign_and_says_what_to_do(
    olga: User, alice: User, receiver: Receiver, settings: Any
) -> None:
    _hook, secret = make_webhook(olga, receiver.url)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another-key-" + "y" * 40
    make_deal(alice)
    assert sent() == 1 and receiver.taken == []
    message = WebhookMessage.objects.get()
    assert message.state == "pending" and "Rotate the secret" in message.last_error
    settings.SECRET_KEY_FALLBACKS = [old]
    services.replay_failed(webhook=message.webhook, since=clock.now() - timedelta(days=1), actor=olga)
    WebhookMessage.objects.update(next_try_at=clock.now())
    Webhook.objects.update(quiet_until=None)
    assert sent() == 1 and signed_by(receiver.taken[0], secret)


# What the database holds ------------------------------------------------------------------


def test_the_database_refuses_what_must_not_be(olga: User, alice: User) -> None:
    hook, _secret = make_webhook(olga, URL)
    make_deal(alice)
    message = WebhookMessage.objects.get()
    writes = [
        (Webhook, {"events": []}),
        (Webhook, {"state": "disabled"}),
        (Webhook, {"disabled_reason": "because"}),
        (Webhook, {"previous_secret": "x"}),
        (Webhook, {"previous_until": clock.now()}),
        (WebhookMessage, {"state": "done"}),
        (WebhookMessage, {"state": "dead", "claimed_until": clock.now()}),
    ]
    for model, values in writes:
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.update(**values)
    with pytest.raises(IntegrityError), transaction.atomic():
        message.attempts.create(at=clock.now(), status=500)
    with pytest.raises(IntegrityError), transaction.atomic():
        WebhookMessage.objects.create(webhook=hook, event=message.event, name="x", body="{}", next_try_at=clock.now())
    assert WebhookMessage.objects.filter(created_at=F("created_at")).count() == 1


def test_an_archived_webhook_hears_nothing_until_it_is_restored(olga: User, alice: User, receiver: Receiver) -> None:
    hook, _secret = make_webhook(olga, receiver.url)
    make_deal(alice)
    hook = services.archive_webhook(webhook=hook, version=1, actor=olga)
    make_deal(alice)
    assert sent() == 0
    assert list(WebhookMessage.objects.values_list("state", "last_error")) == [
        ("withheld", "The webhook was archived.")
    ]
    for act in (services.resume_webhook, services.pause_webhook, services.archive_webhook):
        with pytest.raises(IllegalState):
            act(webhook=hook, version=None, actor=olga)
    with pytest.raises(IllegalState):
        services.send_test(webhook=hook, actor=olga)
    hook = services.restore_webhook(webhook=hook, version=None, actor=olga)
    services.resume_webhook(webhook=hook, version=None, actor=olga)
    make_deal(alice)
    assert sent() == 1
