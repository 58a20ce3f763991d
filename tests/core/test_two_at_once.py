"""Two who write the same at the same moment: one has written it, the other is told so in words."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Channel
from accounts.services import create_channel
from leads.models import ResearchBrief
from leads.services import open_brief
from tests.accounts.builders import make_account
from tests.accounts.test_merging_at_once import until_it_waits
from tests.cast import Cast


def sent(person: Any, path: str, body: dict[str, Any], kind: str) -> Any:
    """A request on a connection of its own."""
    try:
        client = Client(raise_request_exception=False)
        client.force_login(person)
        return client.post(path, body, content_type=kind) if kind else client.post(path, body)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.spec("INV-93")
def test_the_second_of_two_at_once_is_refused_in_words_and_nothing_is_there_twice(cast: Cast) -> None:
    account = make_account(cast.alice)
    posts = (
        (lambda: create_channel(actor=cast.olga, name="Shops"), cast.olga, "/api/v1/channels", {"name": "shops"}, True),
        (
            lambda: create_channel(actor=cast.olga, name="Web"),
            cast.olga,
            reverse("channel-new"),
            {"name": "web"},
            False,
        ),
        (
            lambda: open_brief(actor=cast.alice, account=account),
            cast.alice,
            "/api/v1/research-briefs",
            {"account": account.pk},
            True,
        ),
    )
    with ThreadPoolExecutor(max_workers=1) as pool:
        for write, person, path, body, by_api in posts:
            kind = "application/json" if by_api else ""
            facts = body if by_api else {**body, "kind": "online"}
            with transaction.atomic():
                write()
                second = pool.submit(sent, person, path, facts, kind)
                until_it_waits(second)
            answer = second.result(timeout=10)
            assert answer.status_code == 409, (path, answer.status_code, answer.content[:300])
            assert "at this very moment" in answer.content.decode()
            if by_api:
                assert answer.json()["code"] == "written_meanwhile"
    assert sorted(Channel.objects.values_list("name", flat=True)) == ["Shops", "Web"]
    assert ResearchBrief.objects.count() == 1
