"""Webhooks on their pages, by token, and in admin."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from revops.core import clock
from revops.core.models import IdempotencyKey
from revops.core.registries import commands, permitted
from revops.integrations import services
from revops.integrations.models import Webhook, WebhookMessage
from revops.users.models import User
from tests.builders import make_token
from tests.integrations.receiver import Receiver, make_webhook, sent, signed_by
from tests.integrations.test_webhooks import URL, allowed
from tests.opportunities.builders import make_deal

pytestmark = pytest.mark.django_db
API = "/api/v1/webhooks"
PAGES = "/settings/webhooks/"
GIVEN = {"name": "Dock", "url": URL, "events": ["opportunity.moved"], "filter": {"to_stage": "closed_won"}}


class Caller:
    """A person with a token."""

    def __init__(self, user: User, *scopes: str) -> None:
        self.client, self.head = Client(), {"Authorization": f"Bearer {make_token(user, *scopes)}"}

    def __call__(self, method: str, path: str = "", body: Any = None, **headers: str) -> Any:
        given = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return getattr(self.client, method)(f"{API}{path}", headers=self.head | named, **given)


@pytest.fixture
def call(olga: User) -> Caller:
    return Caller(olga)


# By token ---------------------------------------------------------------------------------


def test_a_webhook_is_made_by_token_and_its_secret_is_in_that_answer_only(
    call: Caller, olga: User, alice: User, receiver: Receiver
) -> None:
    made = call("post", body={"name": "Dock", "url": receiver.url, "events": ["opportunity.moved"]})
    assert made.status_code == 201 and made.headers["ETag"] == '"1"'
    hook = made.json()
    assert made.headers["Location"] == f"{API}/{hook['id']}"
    make_deal(alice)
    sent()
    assert signed_by(receiver.taken[0], hook["secret"])
    shown = call("get", f"/{hook['id']}").json()
    assert "secret" not in shown and shown["state"] == "active" and shown["owner"] == olga.pk
    assert call("get").json()["results"] == [shown]


def test_a_repeated_key_repeats_the_answer_without_the_secret(call: Caller) -> None:
    first = call("post", body=GIVEN, Idempotency_Key="one")
    again = call("post", body=GIVEN, Idempotency_Key="one")
    assert first.json()["secret"].startswith("whsec_") and again.json()["secret"] is None
    assert again.headers["Idempotent-Replayed"] == "true" and again.json()["id"] == first.json()["id"]
    assert Webhook.objects.count() == 1
    assert "whsec_" not in str(list(IdempotencyKey.objects.values()))


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"url": "http://hooks.example.com/"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"events": ["opportunity.won"]}, "events"),
        ({"events": []}, "events"),
        ({"filter": {"stage": "closed_won"}}, "filter"),
        ({"name": " "}, "name"),
        ({"secret": "whsec_mine"}, "secret"),
    ],
)
def test_wrong_input_is_refused_beside_its_field(call: Caller, wrong: Any, pointer: str) -> None:
    answer = call("post", body=GIVEN | wrong)
    assert answer.status_code == 422, answer.content
    assert [error["pointer"].split(".")[0] for error in answer.json()["errors"]] == [pointer]
    assert not Webhook.objects.exists()


def test_outsiders_see_none_and_who_lacks_the_right_is_refused(call: Caller, charlie: User, dana: User) -> None:
    key = call("post", body=GIVEN).json()["id"]
    stranger = Caller(allowed(charlie))
    assert stranger("get").json()["results"] == []
    rest = ("rotate", "test", "pause", "resume", "archive", "restore", "take-over", "replay")
    for method, path in [("get", ""), ("patch", ""), ("get", "/deliveries"), *(("post", f"/{verb}") for verb in rest)]:
        assert stranger(method, f"/{key}{path}", None if method == "get" else {}).status_code == 404, path
    director = Caller(dana)
    assert director("get").status_code == director("post", body=GIVEN).status_code == 403
    assert director("get", "/events").status_code == 403
    assert director("get", f"/{key}").status_code == 404
    reader = Caller(allowed(dana), "webhooks:read")
    assert reader("get", f"/{key}").status_code == 200
    assert reader("post", f"/{key}/pause").status_code == 403
    assert Webhook.objects.get().version == 1


def test_it_is_changed_paused_resumed_and_archived_by_token(call: Caller) -> None:
    key = call("post", body=GIVEN).json()["id"]
    changed = call("patch", f"/{key}", {"name": "Door"}, If_Match='"1"')
    assert changed.json()["name"] == "Door" and changed.headers["ETag"] == '"2"'
    assert call("patch", f"/{key}", {"name": "Gate"}, If_Match='"1"').status_code == 412
    assert call("post", f"/{key}/rotate", {"keep_hours": 200}).status_code == 422
    rotated = call("post", f"/{key}/rotate", {"keep_hours": 2}, If_Match='"2"').json()
    assert rotated["secret"].startswith("whsec_") and rotated["previous_until"]
    assert call("post", f"/{key}/pause").json()["state"] == "paused"
    assert call("post", f"/{key}/pause").status_code == 409
    assert call("post", f"/{key}/resume").json()["state"] == "active"
    assert call("post", f"/{key}/take-over").status_code == 409
    assert call("post", f"/{key}/archive").json()["archived_at"]
    assert call("get", "?archived=false").json()["results"] == []
    assert len(call("get", "?archived=true").json()["results"]) == 1
    assert call("post", f"/{key}/resume").status_code == 409
    assert call("post", f"/{key}/restore").json()["archived_at"] is None
    assert call("get", "?nonsense=1").status_code == 400


def test_what_can_be_heard_of_is_listed_with_its_fields(call: Caller) -> None:
    found = {one["name"]: one["fields_of_data"] for one in call("get", "/events").json()["results"]}
    assert found["opportunity.moved"] == {"opportunity_id": "int", "from_stage": "str", "to_stage": "str"}
    assert found["lead.created"]["route"] == "bool" and "order.booked" in found


def test_the_log_is_read_and_replayed_by_token(call: Caller, alice: User, receiver: Receiver) -> None:
    receiver.answer(500, body=b"broken")
    given = {"name": "Dock", "url": receiver.url, "events": ["opportunity.moved"]}
    key = call("post", body=given).json()["id"]
    assert call("post", f"/{key}/test").status_code == 202
    make_deal(alice)
    sent()
    WebhookMessage.objects.update(state="dead", claimed_until=None)
    rows = call("get", f"/{key}/deliveries").json()
    assert [row["type"] for row in rows["results"]] == ["opportunity.moved", "webhook.test"]
    assert rows["results"][0]["last_error"] == "It answered 500; only 2xx counts."
    page = call("get", f"/{key}/deliveries?limit=1").json()
    assert call("get", f"/{key}/deliveries?limit=1&cursor={page['next']}").json()["results"] == rows["results"][1:]
    assert call("get", f"/{key}/deliveries?state=done").json()["results"] == []
    assert len(call("get", f"/{key}/deliveries?type=webhook.test").json()["results"]) == 1
    assert call("get", f"/{key}/deliveries?state=lost").status_code == 400
    number = rows["results"][0]["id"]
    one = call("get", f"/{key}/deliveries/{number}").json()
    assert one["body"] == receiver.taken[-1].json or one["body"] == receiver.taken[0].json
    assert (one["attempts"][0]["status"], one["attempts"][0]["answer"]) == (500, "broken")
    assert call("get", f"/{key}/deliveries/999999999").status_code == 404
    for wrong in ({}, {"delivery": number, "since": clock.now().isoformat()}, {"delivery": 0}, {"since": "soon"}):
        assert call("post", f"/{key}/replay", wrong).status_code == 422, wrong
    assert call("post", f"/{key}/replay", {"delivery": 999999999}).status_code == 404
    since = (clock.now() - timedelta(hours=1)).isoformat()
    assert call("post", f"/{key}/replay", {"since": since}).json() == {"count": 1}
    assert WebhookMessage.objects.get(pk=number).state == "pending"
    WebhookMessage.objects.filter(pk=number).update(state="dead")
    assert call("post", f"/{key}/replay", {"delivery": number}).json() == {"count": 1}
    assert WebhookMessage.objects.get(pk=number).state == "pending"


def test_a_delivery_is_found_under_its_own_webhook_only(call: Caller, olga: User, alice: User) -> None:
    first, _secret = make_webhook(olga, URL)
    second, _secret = make_webhook(olga, URL, "order.booked")
    make_deal(alice)
    number = WebhookMessage.objects.get().pk
    assert call("get", f"/{first.pk}/deliveries/{number}").status_code == 200
    assert call("get", f"/{second.pk}/deliveries/{number}").status_code == 404
    assert call("post", f"/{second.pk}/replay", {"delivery": number}).status_code == 404


def test_the_lists_cost_the_same_with_many_rows(
    call: Caller, olga: User, alice: User, django_assert_max_num_queries: Any
) -> None:
    hook, _secret = make_webhook(olga, URL)
    make_deal(alice)
    call("get")
    for _number in range(12):
        make_webhook(olga, URL, "order.booked")
        make_deal(alice)
    client = Client()
    client.force_login(olga)
    for path in (PAGES, hook.get_absolute_url()):
        client.get(path)
        with django_assert_max_num_queries(30):
            assert client.get(path).status_code == 200
    with django_assert_max_num_queries(12):
        assert len(call("get").json()["results"]) == 13
    with django_assert_max_num_queries(12):
        assert len(call("get", f"/{hook.pk}/deliveries").json()["results"]) == 13


# On its pages -----------------------------------------------------------------------------


@pytest.fixture
def page(client: Client, olga: User) -> Client:
    client.force_login(olga)
    return client


def test_a_webhook_is_made_on_its_page_and_the_secret_is_shown_once(page: Client, olga: User) -> None:
    assert "No webhooks yet" in page.get(PAGES).content.decode()
    form = page.get(f"{PAGES}new/").content.decode()
    assert "opportunity.moved" in form and "A deal changed its stage" in form
    data = GIVEN | {"filter": "to_stage = closed_won\n"}
    answer = page.post(f"{PAGES}new/", data)
    hook = Webhook.objects.get()
    assert answer.status_code == 200 and "no-store" in answer.headers["Cache-Control"]
    assert "whsec_" in answer.content.decode() and hook.filter == {"to_stage": "closed_won"}
    shown = page.get(hook.get_absolute_url()).content.decode()
    assert "whsec_" not in shown and "only if <code>to_stage = closed_won" in shown
    assert "Dock" in page.get(PAGES).content.decode()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"url": "https://127.0.0.1/"}, "is not on the public Internet"),
        ({"events": []}, "required"),
        ({"filter": "to_stage closed_won"}, "field = value"),
        ({"filter": "stage = won"}, "no field of opportunity.moved"),
        ({"filter": "opportunity_id = seven"}, "a whole number"),
    ],
)
def test_the_form_says_beside_the_field_what_is_wrong(page: Client, wrong: Any, said: str) -> None:
    answer = page.post(f"{PAGES}new/", GIVEN | {"filter": ""} | wrong)
    assert answer.status_code == 422 and said in answer.content.decode()
    assert not Webhook.objects.exists()


def test_filters_are_typed_as_the_events_fields(page: Client) -> None:
    page.post(f"{PAGES}new/", GIVEN | {"events": ["lead.created"], "filter": "route = true\nlead_id = 7"})
    hook = Webhook.objects.get()
    assert hook.filter == {"route": True, "lead_id": 7}
    form = page.get(f"{hook.get_absolute_url()}edit/").content.decode()
    assert "route = true\nlead_id = 7" in form


def test_it_is_changed_rotated_paused_and_archived_on_its_page(page: Client, olga: User) -> None:
    hook, _secret = make_webhook(olga, URL)
    address = hook.get_absolute_url()
    data = GIVEN | {"filter": "", "version": 1}
    assert page.post(f"{address}edit/", data).status_code == 302
    assert page.post(f"{address}edit/", data).status_code == 409
    assert page.post(f"{address}rotate/", {"version": 2, "keep_hours": 999}).status_code == 422
    answer = page.post(f"{address}rotate/", {"version": 2, "keep_hours": 24})
    assert "whsec_" in answer.content.decode() and "Two secrets sign until" in answer.content.decode()
    for version, verb, state in ((3, "pause", "paused"), (4, "resume", "active"), (5, "archive", "paused")):
        assert page.post(f"{address}{verb}/", {"version": version}).status_code == 302
        hook.refresh_from_db()
        assert hook.state == state
    assert "Dock" not in page.get(PAGES).content.decode()
    assert "Dock" in page.get(f"{PAGES}?archived=true").content.decode()
    assert page.post(f"{address}restore/", {"version": 6}).status_code == 302
    assert page.post(f"{address}explode/").status_code == 404


def test_a_test_event_and_its_outcome_stand_on_its_page(page: Client, olga: User, receiver: Receiver) -> None:
    receiver.answer(418, body=b"<b>I am a teapot</b>")
    hook, _secret = make_webhook(olga, receiver.url)
    address = page.post(f"{hook.get_absolute_url()}test/").headers["Location"]
    assert "Not tried yet" in page.get(address).content.decode()
    sent()
    shown = page.get(address).content.decode()
    assert "418" in shown and "&lt;b&gt;I am a teapot&lt;/b&gt;" in shown and "webhook.test" in shown
    assert page.post(f"{address}replay/").status_code == 302
    assert WebhookMessage.objects.get().state == "pending"


def test_what_failed_is_replayed_from_its_page(page: Client, olga: User, alice: User) -> None:
    hook, _secret = make_webhook(olga, URL)
    make_deal(alice)
    WebhookMessage.objects.update(state="dead", last_error="It answered 500; only 2xx counts.")
    address = hook.get_absolute_url()
    assert "It answered 500" in page.get(f"{address}?state=dead").content.decode()
    assert "It answered 500" not in page.get(f"{address}?state=done").content.decode()
    assert page.post(f"{address}replay/", {"since": "soon"}).status_code == 422
    assert page.post(f"{address}replay/", {"since": "2020-01-01T00:00"}).status_code == 302
    assert WebhookMessage.objects.get().state == "pending"


def test_a_colleague_may_pause_and_take_over_but_not_change(client: Client, olga: User, dana: User) -> None:
    hook, _secret = make_webhook(olga, URL)
    client.force_login(allowed(dana))
    address = hook.get_absolute_url()
    shown = client.get(address).content.decode()
    assert "Take it over" in shown and "Rotate secret" not in shown
    assert client.post(f"{address}edit/", GIVEN | {"filter": "", "version": 1}).status_code == 403
    assert client.post(f"{address}rotate/", {"version": 1, "keep_hours": 1}).status_code == 403
    assert client.post(f"{address}pause/", {"version": 1}).status_code == 302
    assert client.post(f"{address}take-over/", {"version": 2}).status_code == 302
    hook.refresh_from_db()
    assert (hook.owner, hook.created_by, hook.state) == (dana, olga, "paused")


def test_pages_are_for_those_who_may_have_webhooks(client: Client, alice: User, charlie: User, olga: User) -> None:
    hook, _secret = make_webhook(olga, URL)
    make_deal(alice)
    message = WebhookMessage.objects.get()
    places = [PAGES, f"{PAGES}new/", hook.get_absolute_url(), message.get_absolute_url()]
    client.force_login(alice)
    assert [client.get(place).status_code for place in places] == [403] * 4
    client.force_login(allowed(charlie))
    assert [client.get(place).status_code for place in places] == [200, 200, 404, 404]
    assert client.post(f"{message.get_absolute_url()}replay/").status_code == 404
    command = commands.get("webhooks")
    assert permitted(command, olga) and not permitted(command, alice)


# In admin ---------------------------------------------------------------------------------


def test_admin_shows_the_log_without_secrets_and_sends_again(
    page: Client, olga: User, alice: User, receiver: Receiver
) -> None:
    hook, secret = make_webhook(olga, receiver.url)
    make_deal(alice)
    sent()
    message = WebhookMessage.objects.get()
    base = "/admin/integrations"
    assert "Warehouse" in page.get(f"{base}/webhook/").content.decode()
    shown = page.get(f"{base}/webhook/{hook.pk}/change/").content.decode()
    assert hook.url in shown.replace("&amp;", "&") and hook.secret not in shown and secret not in shown
    assert "opportunity.moved" in page.get(f"{base}/webhookmessage/").content.decode()
    assert "thanks" in page.get(f"{base}/webhookmessage/{message.pk}/change/").content.decode()
    assert page.post(f"{base}/webhookmessage/{message.pk}/change/", {"state": "dead"}).status_code == 403
    data = {"action": "replay", "_selected_action": [message.pk]}
    assert page.post(f"{base}/webhookmessage/", data).status_code == 302
    assert sent() == 1 and len(receiver.taken) == 2


def test_services_of_webhooks_refuse_who_has_no_right(alice: User, olga: User) -> None:
    hook, _secret = make_webhook(olga, URL)
    from revops.core.errors import NotAllowed

    for act in (
        services.update_webhook, services.rotate_secret, services.pause_webhook, services.resume_webhook,
        services.take_over_webhook, services.archive_webhook, services.restore_webhook,
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            act(webhook=hook, version=None, actor=alice)
    with pytest.raises(NotAllowed):
        services.send_test(webhook=hook, actor=alice)
    assert Webhook.objects.get().version == 1 and not WebhookMessage.objects.exists()
