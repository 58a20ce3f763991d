"""Channels (DA-12): routes to market, looked after by somebody, with accounts on them."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import Account, Channel
from revops.core.errors import IllegalState, InvalidInput, NotAllowed, StaleCopy
from revops.core.models import AuditEntry
from revops.core.registries import hand_over
from tests.accounts.builders import make_account
from tests.cast import Cast
from tests.integrations.files import imported, refused


def make_channel(cast: Cast, name: str = "Resellers", **fields: Any) -> Channel:
    return services.create_channel(actor=cast.olga, name=name, **fields)


@pytest.mark.spec("DA-12")
def test_an_account_is_on_a_channel_which_is_archived_and_comes_back(cast: Cast) -> None:
    channel = make_channel(cast, kind="partner", owner=cast.bob)
    account = make_account(cast.alice, channel=channel)
    channel = services.archive_channel(channel=channel, version=1, actor=cast.olga)
    # Who is on it stays on it and can be edited; nobody is put on it.
    account = services.update_account(account=account, version=1, actor=cast.alice, channel=channel, city="Bern")
    assert (account.channel, account.city) == (channel, "Bern")
    with pytest.raises(InvalidInput) as no:
        make_account(cast.alice, channel=channel)
    assert no.value.errors[0].pointer == "channel"
    with pytest.raises(IllegalState):
        services.update_channel(channel=channel, version=None, actor=cast.olga, name="Shops")
    make_channel(cast, "RESELLERS")
    with pytest.raises(InvalidInput):
        services.restore_channel(channel=channel, version=None, actor=cast.olga)
    assert AuditEntry.objects.filter(action__startswith="channel.").count() == 3


def test_who_may_not_or_has_an_old_copy_changes_nothing_and_names_stand_once(cast: Cast) -> None:
    channel = make_channel(cast)
    for act in (
        lambda: services.create_channel(actor=cast.alice, name="Mine"),
        lambda: services.update_channel(channel=channel, version=1, actor=cast.alice, name="Mine"),
        lambda: services.archive_channel(channel=channel, version=1, actor=cast.alice),
    ):
        with pytest.raises(NotAllowed):
            act()
    with pytest.raises(StaleCopy):
        services.update_channel(channel=channel, version=9, actor=cast.olga, name="Other")
    with pytest.raises(InvalidInput):
        make_channel(cast, "resellers")
    with pytest.raises(InvalidInput):
        make_channel(cast, "Pigeons", kind="pigeon")
    for wrong in ({"name": "RESELLERS"}, {"name": "Pigeons", "kind": "pigeon"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Channel.objects.create(**wrong)
    assert [row.name for row in Channel.objects.all()] == ["Resellers"]


def test_pages_show_make_change_and_archive_it(cast: Cast, client: Client) -> None:
    client.force_login(cast.olga)
    made = client.post(reverse("channel-new"), {"name": "Shops", "kind": "pos", "note": "In cities"})
    channel = Channel.objects.get()
    assert (made.status_code, made.headers["Location"]) == (302, reverse("channel-detail", args=[channel.pk]))
    assert client.post(reverse("channel-new"), {"name": "shops", "kind": "pos"}).status_code == 422
    account = make_account(cast.alice, "Northwind", channel=channel)
    page = client.get(reverse("channel-detail", args=[channel.pk])).content.decode()
    assert "In cities" in page and f"?channel={channel.pk}" in page
    assert "Northwind" in client.get(f"{reverse('account-list')}?channel={channel.pk}").content.decode()
    edit = reverse("channel-edit", args=[channel.pk])
    facts = {"name": "Stores", "kind": "pos", "version": channel.version}
    assert client.post(edit, facts).status_code == 302
    stale = client.post(edit, {**facts, "name": "Late"})
    assert stale.status_code == 409 and Channel.objects.get().name == "Stores"
    client.post(reverse("channel-archive", args=[channel.pk]), {"version": 2})
    assert "Stores" not in client.get(reverse("channel-list")).content.decode()
    assert "Stores" in client.get(f"{reverse('channel-list')}?archived=true").content.decode()
    client.force_login(cast.alice)
    assert client.get(reverse("channel-list")).status_code == 200
    assert client.get(reverse("channel-new")).status_code == 403
    assert client.post(reverse("channel-archive", args=[channel.pk]), {"version": 3}).status_code == 403
    assert "Stores" in client.get(reverse("account-edit", args=[account.pk])).content.decode()


def test_the_api_counts_only_what_the_caller_sees(cast: Cast, client: Client) -> None:
    channel = make_channel(cast)
    make_account(cast.alice, channel=channel)
    make_account(cast.charlie, channel=channel)
    for person, count in ((cast.alice, 1), (cast.dana, 2)):
        client.force_login(person)
        row: Any = client.get("/api/v1/channels").json()["results"][0]
        assert (row["name"], row["account_count"]) == ("Resellers", count)
    client.force_login(cast.olga)
    rows = [{"op": "create", "name": "Online", "kind": "online"}, {"op": "create", "name": "resellers"}]
    answer = client.post("/api/v1/channels/bulk", {"rows": rows}, content_type="application/json")
    assert [row["status"] for row in answer.json()["results"]] == [201, 422]
    client.force_login(cast.alice)
    mine = Account.objects.get(owner=cast.alice)
    changed = client.patch(
        f"/api/v1/accounts/{mine.pk}", {"channel": None}, content_type="application/json", headers={"If-Match": '"1"'}
    )
    assert (changed.status_code, changed.json()["channel"]) == (200, None)
    assert client.get(f"/api/v1/accounts?channel={channel.pk}").json()["results"] == []


def test_a_file_names_the_channel_and_one_that_is_not_there_is_refused(cast: Cast) -> None:
    channel = make_channel(cast)
    run = imported("accounts", "Name,Channel\nAcme,RESELLERS\nZenith,Pigeons\n", cast.olga)
    assert {row.name: row.channel for row in Account.objects.all()} == {"Acme": channel}
    assert [error["field"] for errors in refused(run).values() for error in errors] == ["channel"]


@pytest.mark.spec("RO-20")
def test_who_leaves_hands_channels_over(cast: Cast) -> None:
    channel = make_channel(cast, owner=cast.bob)
    holding = hand_over.get("channels")
    assert holding is not None and list(holding.rows(cast.bob)) == [channel]
    assert holding.hand(user=cast.bob, to=cast.dana, actor=cast.olga) == 1
    channel.refresh_from_db()
    assert (channel.owner, channel.version) == (cast.dana, 2)
