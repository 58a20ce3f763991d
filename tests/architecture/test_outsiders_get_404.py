"""House rule 6 and INV-92, walked: every address of a record that belongs to alice, as people who must not see it."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.architecture.addresses import Address, addresses
from tests.architecture.world import SECRET, World, make_world
from tests.cast import Cast

# First word of an address's name (without "api-") -> the world's key; plural and room prefixes are dropped.
WORDS = {
    "accounts": "account",
    "contacts": "contact",
    "activities": "activity",
    "tasks": "activity",
    "leads": "lead",
    "handoffs": "handoff",
    "orders": "order",
    "quotes": "quote",
    "invoices": "invoice",
    "credit-notes": "credit",
    "credit-note": "credit",
    "payments": "payment",
    "cases": "case",
    "documents": "document",
    "comp-statement": "statement",
    "comp-ledger": "ledger",
    "statement-running": "running",
    "plan-sign": "assignment",
    "token-revoke": "token",
    "handoff-acceptance": "handoff",
    "lead-conversion": "lead",
    "jobs": "job",
    "notifications": "notification",
    "webhooks": "webhook",
    "campaign-members": "member",
    "touch-points": "touch",
    "merges": "merge",
    "duplicates": "duplicate",
    "goals": "goal",
    "my-day-done": "activity",
    "my-day-later": "activity",
    "enrollments": "enrollment",
    "sent-messages": "sent-message",
    "received-messages": "received-message",
    "reply-read": "received-message",
}
# Records that every colleague may read, or that a role (not an owner) opens: their own rooms test them.
SHARED = (
    "product", "price", "prices", "pipeline", "period", "quota", "comp-plan", "users", "teams",
    "approval-rules", "scorecard", "scoring", "engagement-rules", "fit-rules", "loss-reasons", "sla-policies",
    "territories", "routing", "disqualify-reasons", "opportunity-lane", "plan-", "team", "user",
    "record-access", "record-unshare", "offboarding", "openid", "notification-unsubscribe", "approvals", "approval",
    "territory-", "lead-lane", "calendar-feed",
    "import", "export", "change", "mfa", "account_", "schema", "policy", "legal", "custom-values", "captured",
    "target-market", "enrichment-provider", "research-partner", "competitors", "data-", "market-facts", "channel",
    "campaign", "marketing-costs", "intake-form", "promotion-partner", "deal-registration", "partner-",
    "sequence", "message-template", "opt-out",
)  # fmt: skip


def key_of(name: str, world: World) -> Any | None:
    """The key of alice's record that an address of this name shows; None for what is not an owner's."""
    if name.endswith("-lane"):  # a lane of the board is no record
        return None
    bare = name.removeprefix("api-").removeprefix("core:")
    for word in sorted({*WORDS, *world.keys}, key=len, reverse=True):
        if re.match(rf"{word}(-|$)", bare):
            return world.keys[WORDS.get(word, word)]
    return None


def address_of(address: Address, world: World) -> str | None:
    key = key_of(address.name, world)
    if key is None or not address.keys:
        return None
    values = dict.fromkeys(address.keys, "1") | {address.keys[0]: key}
    try:
        return reverse(address.name, kwargs=values)
    except NoReverseMatch:
        return None


def breaches(path: str, client: Client, refused: tuple[int, ...]) -> list[str]:
    found = []
    for method in ("get", "post", "patch"):
        answer = (
            getattr(client, method)(path, data={}, content_type="application/json")
            if method == "patch"
            else (getattr(client, method)(path))
        )
        if answer.status_code not in refused:
            found.append(f"{method.upper()} {path} answers {answer.status_code}")
        elif SECRET in answer.content.decode(errors="replace"):
            found.append(f"{method.upper()} {path} tells the name in its refusal")
    return found


@pytest.fixture
def world(cast: Cast, settings: Any) -> World:
    settings.API_RATE_PER_MINUTE = 10**9  # the walk is longer than a minute's rate
    return make_world(cast)


@pytest.mark.spec("INV-92")
def test_an_outsider_gets_404_for_each_record_of_another(world: World, cast: Cast, client: Client) -> None:
    walked = [(address, path) for address in addresses() if (path := address_of(address, world))]
    assert len(walked) > 60
    found: list[str] = []
    for person in (cast.charlie, cast.clara):
        client.force_login(person)
        for _address, path in walked:
            # 403: the role lacks the verb whoever the record belongs to; 405: the address has no such method.
            found += breaches(path, client, (404, 405, 403))
    assert not found


def test_each_address_with_a_key_is_walked_or_known_as_shared(world: World) -> None:
    unknown = [
        address.name
        for address in addresses()
        if address.keys
        and key_of(address.name, world) is None
        and not address.name.removeprefix("api-").startswith(SHARED)
    ]
    assert not unknown


@pytest.mark.spec("INV-92")
def test_no_list_search_or_export_of_an_outsider_names_a_record_of_another(
    world: World, cast: Cast, client: Client
) -> None:
    lists = [address.path for address in addresses() if not address.keys and "logout" not in address.path]
    assert len(lists) > 40
    for person in (cast.charlie, cast.clara):
        client.force_login(person)
        for path in [*lists, f"/command/?q={SECRET.split()[0]}"]:
            for query in ("", "?export=csv") if not path.startswith("/api/") and "?" not in path else ("",):
                answer = client.get(path + query)
                body = b"".join(answer.streaming_content) if answer.streaming else answer.content
                assert SECRET not in body.decode(errors="replace"), (person.username, path + query)


def test_nobody_but_payee_manager_and_pay_roles_opens_a_statement(world: World, cast: Cast, client: Client) -> None:
    pages = [reverse("statement-detail", args=[world.keys["statement"]])]
    pages.append(reverse("api-comp-statement-detail", kwargs={"pk": world.keys["statement"]}))
    expected = {
        "alice": 200,
        "bob": 200,
        "dana": 200,
        "erin": 200,
        "charlie": 404,
        "clara": 404,
        "sam": 404,
        "olga": 404,
    }
    for name, status in expected.items():
        client.force_login(getattr(cast, name))
        for page in pages:
            assert client.get(page).status_code == status, (name, page)


def test_a_made_up_key_is_404_too(world: World, cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    for address in addresses():
        if address.is_api and address.name.endswith("-detail") and len(address.keys) == 1:
            key = uuid.UUID(int=99) if "job" in address.name else "999999999"
            assert client.get(reverse(address.name, kwargs={address.keys[0]: key})).status_code == 404, address.name
