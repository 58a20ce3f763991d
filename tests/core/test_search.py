"""Search: what begins with a text, what holds it, what is spelled nearly so; of what the person sees, and only that."""

from typing import Any

import pytest
from django.core.cache import cache

from accounts.models import Account
from leads.models import Lead
from revops.core import search
from revops.core.models import SearchWord
from revops.core.tasks import learn_words, learn_words_anew
from revops.core.views.command import Group, groups_for
from revops.users.models import User
from tests.accounts.builders import make_account, make_contact
from tests.leads.builders import make_lead

NEARLY = "Spelled nearly so"


@pytest.fixture(autouse=True)
def nothing_learned() -> None:
    cache.clear()


def labels(groups: list[Group], title: str) -> list[str]:
    return [option.label for group in groups if group.title == title for option in group.options]


def test_the_whole_name_stands_before_longer_ones_and_those_before_what_holds_it(alice: Any) -> None:
    for name in ("Old Granite yard", "Granite Works", "Granite", "Granite Allies", "Pomegranite"):
        make_account(alice, name, website=f"https://{name.lower().replace(' ', '')}.example")
    found = [row.name for row in search.best(Account.objects.all(), "granite", 8)]
    assert found[:3] == ["Granite", "Granite Allies", "Granite Works"]
    assert set(found[3:]) == {"Old Granite yard", "Pomegranite"}
    assert [row.name for row in search.best(Account.objects.all(), "granite", 2)] == ["Granite", "Granite Allies"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("lee", True),
        ("LEE ann", True),
        ("le", True),
        ("ee", False),  # two letters count at the start of a word only
        ("l", True),
        ("ann.lee@north", True),
        ("north quay", True),
        ("ann south", False),
        ("100%", False),
        ("_ee", False),
        ("\\", False),
    ],
)
def test_every_word_stands_somewhere_in_the_record(alice: Any, text: str, found: bool) -> None:
    make_lead(alice, first_name="Ann", last_name="Lee", company="North Quay", email="ann.lee@northquay.example")
    assert Lead.objects.filter(search.holds(text)).exists() is found


def test_many_and_few_keys_find_the_same_rows(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        account = make_account(alice, f"Granite {number}")
        make_contact(account, f"Person{number}")
    make_contact(make_account(alice, "Slate"), "Other")
    from accounts.models import Contact

    def found() -> set[str]:
        named = search.one_of("account", Account.objects.filter(search.holds("granite")))
        return set(Contact.objects.filter(named).values_list("last_name", flat=True))

    few = found()
    monkeypatch.setattr(search, "FEW", 2)
    assert few == found() == {f"Person{number}" for number in range(4)}


def test_words_are_learned_once_and_numbers_and_addresses_are_none(alice: Any) -> None:
    make_lead(alice, first_name="Ann", last_name="Lee-Brandt", company="Granite 24 (North)", email="x@quartz.example")
    assert learn_words() > 0
    words = set(SearchWord.objects.filter(kind="lead").values_list("word", flat=True))
    assert {"ann", "lee", "brandt", "granite", "north"} <= words
    assert not {"24", "quartz", "x"} & words
    assert learn_words() == 0
    make_lead(alice, company="Basalt Works")
    assert learn_words() >= 1
    Lead.objects.filter(company="Basalt Works").update(company="Obsidian")
    assert learn_words_anew() == 1
    row = SearchWord.objects.get(kind="lead", word="obsidian")
    assert set(row.near) == {"obsidian", *search.without_one("obsidian")}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("grnite", "granite"),  # one left out
        ("granitte", "granite"),  # one too many
        ("garnite", "granite"),  # two changed places
        ("gramite", "granite"),  # another letter
        ("gramitte", "granite"),  # two mistakes in a long word
        ("amce", "acme"),
    ],
)
def test_a_mistake_finds_the_word_that_was_meant(alice: Any, typed: str, meant: str) -> None:
    make_account(alice, "Granite Works")
    make_account(alice, "Acme Foods")
    learn_words()
    assert search.spellings(typed, ["account"])["account"][0] == meant


def test_a_short_word_and_a_word_like_nothing_have_no_other_spelling(alice: Any) -> None:
    make_account(alice, "Acme Foods")
    learn_words()
    assert search.spellings("acm", ["account"]) == {}
    assert search.spellings("zzzzzz", ["account"]) == {}
    assert search.spellings("acme", ["account"]) == {}, "as it is typed it is right"
    assert search.spellings("amce fodos", ["account"]) == {"account": ["acme foods"]}


def test_with_fewer_than_eight_hits_the_menu_tries_other_spellings_and_says_so(alice: Any) -> None:
    make_account(alice, "Granite Works")
    make_account(alice, "Grnite Misspelt")
    learn_words()
    groups = groups_for(alice, "grnite")
    assert labels(groups, "Records") == ["Grnite Misspelt"]
    assert labels(groups, NEARLY) == ["Granite Works"]
    titles = [group.title for group in groups]
    assert titles.index("Records") < titles.index(NEARLY)


def test_with_eight_hits_nobody_asks_for_other_spellings(alice: Any) -> None:
    for number in range(8):
        make_account(alice, f"Grnite {number}", website=f"https://g{number}.example")
    make_account(alice, "Granite Works")
    learn_words()
    groups = groups_for(alice, "grnite")
    assert len(labels(groups, "Records")) == 8
    assert labels(groups, NEARLY) == []


def test_a_misspelled_word_shows_nothing_that_is_hidden(alice: Any, charlie: User) -> None:
    make_account(charlie, "Granite Works")
    learn_words()
    assert labels(groups_for(charlie, "grnite"), NEARLY) == ["Granite Works"]
    assert groups_for(alice, "grnite") == []
    assert groups_for(alice, "granite") == []


def test_lists_and_the_api_search_in_the_same_column(alice: Any, client: Any) -> None:
    make_lead(alice, first_name="Ann", last_name="Lee", company="Granite Works")
    make_lead(alice, company="Slate")
    client.force_login(alice)
    page = client.get("/leads/?q=gran ann").content.decode()
    assert "Ann Lee" in page and "Slate" not in page
    answer = client.get("/api/v1/leads?q=gran ann").json()
    assert [row["company"] for row in answer["results"]] == ["Granite Works"]


def test_a_list_that_finds_little_offers_other_spellings_with_their_counts(
    alice: Any, client: Any, charlie: Any
) -> None:
    for number in range(3):
        make_account(alice, f"Granite {number}", website=f"https://g{number}.example")
    make_account(charlie, "Gramite Hidden")
    learn_words()
    client.force_login(alice)
    page = client.get("/accounts/?q=grnite")
    assert page.context["near"] == [{"text": "granite", "count": "3", "url": "?q=granite"}]
    assert "Spelled nearly so:" in page.content.decode()
    assert client.get("/accounts/?q=granite").context["near"] == []
    assert client.get("/accounts/").context["near"] == []
