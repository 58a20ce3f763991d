from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client

from revops.core.registries import Command, CreateItem, Hit, NavItem, Registry, Searcher
from revops.core.templatetags.frame import marked
from revops.core.views import command
from revops.core.views.command import find_records, groups_for, rank_of

pytestmark = pytest.mark.urls("tests.core.pages")
NAMES = ["Old Halvorsen yard", "Halvorsen Logistics", "Halv", "Whalvorsen"]


@pytest.fixture(autouse=True)
def menu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A menu of its own: two pages, one closed; one thing to create; companies and people."""
    navigation: Registry[NavItem] = Registry("navigation")
    navigation.register(NavItem("offline", "Half-year plan", "core:offline", "x", shortcut="h"))
    navigation.register(NavItem("closed", "Halls", "core:styleguide", "x", permission="users.delete_user"))
    create: Registry[CreateItem] = Registry("create_menu")
    create.register(CreateItem("lead", "Lead", "core:offline", "user-plus", shortcut="l"))
    commands: Registry[Command] = Registry("commands")
    commands.register(Command("import", "Import a file", "core:offline", "upload", verb=True))
    searchers: Registry[Searcher] = Registry("searchers")

    def companies(user: Any, text: str, limit: int) -> Sequence[Hit]:
        hits = [Hit(name, "Oslo", f"/a/{n}/") for n, name in enumerate(NAMES) if text.lower() in name.lower()]
        return [*hits, Hit("A-7", "", "/a/7/", exact=True)] if text == "a-7" else hits[:limit]

    searchers.register(Searcher("account", "Account", "building", companies))
    searchers.register(
        Searcher("person", "Contact", "user", lambda u, t, n: [Hit("Ingrid Halvorsen", "", "/c/1/")], people=True)
    )
    searchers.register(
        Searcher("pay", "Statement", "coins", lambda u, t, n: [Hit("Halv pay", "", "/s/")], "users.delete_user")
    )
    for name, registry in {
        "navigation": navigation,
        "create_menu": create,
        "commands": commands,
        "searchers": searchers,
    }.items():
        monkeypatch.setattr(command, name, registry)


@pytest.mark.parametrize(
    ("label", "rank"), [("Halv", 0), ("halvorsen", 1), ("Ingrid Halvorsen", 2), ("Whalvorsen", 3), ("Oslo", None)]
)
def test_exact_stands_before_prefix_before_word_before_inside(label: str, rank: int | None) -> None:
    assert rank_of(label, "halv") == rank


def test_records_of_all_kinds_are_ranked_together(alice: Any) -> None:
    labels = [option.label for option in find_records(alice, "halv")]
    assert labels == ["Halv", "Halvorsen Logistics", "Old Halvorsen yard", "Ingrid Halvorsen", "Whalvorsen"]


def test_what_a_role_may_not_see_is_not_found(alice: Any) -> None:
    found = [option.label for group in groups_for(alice, "hal") for option in group.options]
    assert "Halls" not in found and "Halv pay" not in found and "Half-year plan" in found


def test_a_mark_narrows_the_menu(alice: Any) -> None:
    def labels(text: str) -> list[str]:
        return [option.label for group in groups_for(alice, text) for option in group.options]

    assert labels("@halv") == ["Ingrid Halvorsen"]
    assert labels("#halv")[0] == "Halv" and "Half-year plan" not in labels("#hal")
    assert labels("> imp") == ["Import a file"]


def test_without_a_text_it_shows_what_can_be_done_and_where_one_can_go(alice: Any) -> None:
    groups = groups_for(alice, "")
    assert [(group.title, [option.label for option in group.options]) for group in groups] == [
        ("Do", ["Lead", "Import a file"]),
        ("Go to", ["Half-year plan"]),
    ]
    assert groups[0].options[0].keys == "C L"


def test_the_answer_is_a_listbox_fragment_for_the_script_and_a_page_without_it(alice: Any, client: Client) -> None:
    client.force_login(alice)
    fragment = client.get("/command/", {"q": "halv"}, headers={"X-Requested-With": "fetch"}).content.decode()
    assert 'role="option"' in fragment and "<html" not in fragment and "<mark>Halv</mark>orsen" in fragment
    page = client.get("/command/", {"q": "halv"}).content.decode()
    assert "<html" in page and 'role="option"' not in page


def test_nobody_gets_an_answer_without_a_login(client: Client, db: Any) -> None:
    assert client.get("/command/", {"q": "halv"}).status_code == 302


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "\x00halv", "x" * 5000, "%", "'", "İ" * 50, ">" * 10])
def test_odd_text_is_answered_and_never_markup(alice: Any, client: Client, text: str) -> None:
    client.force_login(alice)
    answer = client.get("/command/", {"q": text}, headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 200
    assert "<script" not in answer.content.decode()


def test_the_typed_part_is_marked_and_both_are_escaped() -> None:
    assert marked("Fenwick & Hale <b>", "& h") == "Fenwick <mark>&amp; H</mark>ale &lt;b&gt;"
    assert marked("Halvorsen", "") == "Halvorsen"
