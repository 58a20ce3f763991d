"""Saved views: private and shared, pinned, one's default, what was changed since; and columns."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.test import Client

from revops.core import saved
from revops.core.errors import InvalidInput, NotAllowed, StaleCopy
from revops.core.models import AuditEntry, SavedView, ViewChoice
from tests.core.test_lists import make_people, names

User = get_user_model()
pytestmark = pytest.mark.urls("tests.core.pages")
BOSSES = {"title": ["Boss"]}


@pytest.fixture
def page(alice: Any, client: Client) -> Client:
    make_people(12)
    client.force_login(alice)
    return client


def make_view(owner: Any, name: str = "Bosses", **more: Any) -> SavedView:
    facts = {"place": "people", "layout": "list", "params": BOSSES, "sort": "-username", **more}
    return saved.create_view(actor=owner, name=name, **facts)


def may(person: Any, *names: str) -> Any:
    person.user_permissions.add(*Permission.objects.filter(codename__in=names))
    return User.objects.get(pk=person.pk)


def html_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def tabs(html: str) -> list[str]:
    nav = re.search(r'<nav class="tabs swipe".*?</nav>', html, re.DOTALL)
    assert nav
    found = re.findall(r"<a [^>]*>(.*?)</a>", nav[0], re.DOTALL)
    return [re.sub(r"<span class=.visually-hidden.>.*?</span>|<[^>]+>", "", text).strip() for text in found]


def test_what_one_sees_is_kept_with_filter_sort_and_columns_and_opens_by_its_number(page: Client) -> None:
    address = "/people/?title=Boss&sort=-username&columns=title,username"
    answer = page.post(address, {"do": "view-create", "name": "My b"})
    view = SavedView.objects.get()
    assert answer.headers["Location"] == f"/people/?view={view.pk}"
    assert (view.params, view.sort, view.columns, view.layout, view.shared) == (
        BOSSES, "-username", ["title", "username"], "list", False,
    )  # fmt: skip
    html = html_of(page, f"/people/?view={view.pk}")
    assert re.findall(r'href="/people/\d+/">(\w+)<', html) == ["Boss"] * 3
    assert "Unsaved change" not in html and "My b" in tabs(html)
    assert view.filter_params().urlencode() == "title=Boss"
    assert AuditEntry.objects.filter(action="view.created").exists()


def test_a_change_is_shown_and_saved_or_reset(page: Client, alice: Any) -> None:
    view = make_view(alice)
    html = html_of(page, f"/people/?view={view.pk}")
    link = re.search(r'href="(\?[^"]*sort=title[^"]*)"', html)
    assert link
    changed = "/people/" + link[1].replace("&amp;", "&")
    html = html_of(page, changed)
    assert "Unsaved change" in html and f'href="?view={view.pk}">Reset' in html
    page.post(changed, {"do": "view-save", "version": view.version})
    view.refresh_from_db()
    assert view.sort == "title" and view.params == BOSSES
    assert "Unsaved change" not in html_of(page, f"/people/?view={view.pk}")


def test_a_filter_taken_off_a_view_stays_off(page: Client, alice: Any) -> None:
    view = make_view(alice)
    html = html_of(page, f"/people/?view={view.pk}")
    chip = re.search(r'class="chip chip-on"\s+href="([^"]*)"\s+aria-current="true">\s*Bosses', html)
    assert chip
    html = html_of(page, "/people/" + chip[1].replace("&amp;", "&"))
    assert "People: 12" in html and "Unsaved change" in html


def test_a_private_view_is_its_owners_alone(page: Client, alice: Any, bob: Any) -> None:
    view = make_view(bob)
    assert page.get(f"/people/?view={view.pk}").status_code == 404
    assert not SavedView.objects.visible_to(alice).exists()
    for do in ("view-save", "view-delete", "view-pin", "view-default", "view-edit"):
        answer = page.post(f"/people/?view={view.pk}", {"do": do, "version": 1, "on": "1", "name": "x"})
        assert answer.status_code == 404, do
    assert SavedView.objects.get(pk=view.pk).name == "Bosses"


def test_sharing_needs_the_right_and_then_everybody_who_may_open_the_list_has_it(
    page: Client, alice: Any, bob: Any
) -> None:
    with pytest.raises(NotAllowed):
        make_view(alice, shared=True)
    assert page.post("/people/?title=Boss", {"do": "view-create", "name": "S", "shared": "1"}).status_code == 403
    assert not SavedView.objects.exists()
    view = make_view(may(bob, "share_savedview"), shared=True)
    html = html_of(page, "/people/")
    assert f"/people/?view={view.pk}" in html and "Bosses" in html
    assert names(html_of(page, f"/people/?view={view.pk}")) == ["p008", "p004", "p000"]


def test_a_view_shows_no_rows_beyond_the_viewers_scope(alice: Any, bob: Any, charlie: Any, client: Client) -> None:
    """The view says what to ask; the list says whose rows."""
    from tests.core.pages import PeopleList

    make_people(4)
    view = make_view(may(bob, "share_savedview"), shared=True, params={})
    rows = PeopleList.rows
    seen = {"alice": "p000", "charlie": "p003"}
    try:
        PeopleList.rows = lambda self: rows(self).filter(username=seen[self.viewer.username])  # type: ignore[method-assign]
        for person in (alice, charlie):
            client.force_login(person)
            assert names(html_of(client, f"/people/?view={view.pk}")) == [seen[person.username]]
    finally:
        PeopleList.rows = rows  # type: ignore[method-assign]


def test_a_shared_view_outlives_its_owners_days_here(page: Client, bob: Any) -> None:
    view = make_view(may(bob, "share_savedview"), shared=True)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert names(html_of(page, f"/people/?view={view.pk}")) == ["p008", "p004", "p000"]


def test_only_its_owner_or_who_looks_after_views_changes_a_shared_one(page: Client, alice: Any, bob: Any) -> None:
    view = make_view(may(bob, "share_savedview"), shared=True)
    for do in ("view-save", "view-edit", "view-delete"):
        data = {"do": do, "version": view.version, "name": "Mine now"}
        assert page.post(f"/people/?view={view.pk}", data).status_code == 403
    view.refresh_from_db()
    assert view.name == "Bosses"
    page.force_login(may(alice, "manage_savedview"))
    page.post(f"/people/?view={view.pk}", {"do": "view-edit", "version": view.version, "name": "Chiefs", "shared": "1"})
    view.refresh_from_db()
    assert (view.name, view.shared) == ("Chiefs", True)
    page.post(f"/people/?view={view.pk}", {"do": "view-delete"})
    assert not SavedView.objects.exists()
    actions = AuditEntry.objects.filter(model="core.savedview").values_list("action", flat=True)
    assert sorted(actions) == ["view.changed", "view.created", "view.deleted"]


def test_a_stale_copy_of_a_view_saves_nothing(page: Client, alice: Any) -> None:
    view = make_view(alice)
    saved.change_view(view=view, version=1, actor=alice, name="First")
    with pytest.raises(StaleCopy):
        saved.change_view(view=view, version=1, actor=alice, name="Second")
    assert page.post(f"/people/?view={view.pk}", {"do": "view-edit", "version": 1, "name": "Third"}).status_code == 409
    view.refresh_from_db()
    assert view.name == "First"


@pytest.mark.parametrize("name", ["", "   ", "bosses", "x" * 81, "a\x00b"])
def test_a_name_that_is_empty_taken_or_too_long_is_refused(alice: Any, name: str) -> None:
    make_view(alice)
    with pytest.raises(InvalidInput):
        make_view(alice, name)
    assert SavedView.objects.count() == 1


def test_the_database_keeps_one_name_a_person_and_list(alice: Any) -> None:
    make_view(alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedView.objects.create(owner=alice, place="people", name="BOSSES")
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedView.objects.create(owner=alice, place="people", name="")


def test_a_refused_name_is_said_and_the_filter_stays(page: Client, alice: Any) -> None:
    make_view(alice)
    answer = page.post("/people/?title=Rep", {"do": "view-create", "name": "Bosses"}, follow=True)
    assert answer.redirect_chain == [("/people/?title=Rep", 302)]
    assert "There is a view “Bosses” already." in answer.content.decode()


def test_pins_are_tabs_of_ones_own_in_the_order_of_pinning(page: Client, alice: Any, bob: Any) -> None:
    shared = make_view(may(bob, "share_savedview"), "Shared one", shared=True)
    mine = make_view(alice, "Own")
    assert tabs(html_of(page, "/people/")) == ["All", "Bosses", "Own"]
    page.post(f"/people/?view={shared.pk}", {"do": "view-pin", "on": "1"})
    assert tabs(html_of(page, "/people/")) == ["All", "Bosses", "Own", "Shared one"]
    page.post(f"/people/?view={mine.pk}", {"do": "view-pin", "on": "0"})
    assert tabs(html_of(page, "/people/")) == ["All", "Bosses", "Shared one"]
    page.force_login(bob)
    assert tabs(html_of(page, "/people/")) == ["All", "Bosses", "Shared one"]


def test_a_default_opens_first_and_everything_is_one_click_away(page: Client, alice: Any) -> None:
    first, second = make_view(alice), make_view(alice, "Reps", params={"title": ["Rep"]})
    for view in (first, second):
        page.post(f"/people/?view={view.pk}", {"do": "view-default", "on": "1"})
    assert ViewChoice.objects.filter(person=alice, is_default=True).count() == 1
    assert page.get("/people/").headers["Location"] == f"/people/?view={second.pk}"
    html = html_of(page, "/people/?view=0")
    assert "People: 12" in html and re.search(r'<a href="\?view=0" aria-current="page">', html)
    html = html_of(page, "/people/?title=Boss")
    assert re.search(r'href="\?view=0"\s+aria-current="true">\s*Bosses', html), "not the default"
    page.post(f"/people/?view={second.pk}", {"do": "view-default", "on": "0"})
    assert page.get("/people/").status_code == 200


def test_a_view_that_is_no_longer_shared_goes_from_others_tabs(page: Client, alice: Any, bob: Any) -> None:
    view = make_view(may(bob, "share_savedview"), shared=True)
    page.post(f"/people/?view={view.pk}", {"do": "view-default", "on": "1"})
    saved.change_view(view=view, version=None, actor=User.objects.get(pk=bob.pk), shared=False)
    assert html_of(page, "/people/") and not ViewChoice.objects.filter(person=alice).exists()


def test_what_a_view_asks_and_the_list_no_longer_knows_is_named(page: Client, alice: Any) -> None:
    view = make_view(alice, params={**BOSSES, "size": ["7"], "joined_after": ["soon"]}, columns=["username", "shoe"])
    html = html_of(page, f"/people/?view={view.pk}")
    assert names(html) == ["p008", "p004", "p000"]
    assert "also asks for columns, joined_after, size" in html
    assert "Unsaved change" in html


@pytest.mark.parametrize("address", ["?view=x", "?view=" + "9" * 30, "?view=-1"])
def test_a_number_that_is_none_is_refused(page: Client, address: str) -> None:
    assert page.get(f"/people/{address}").status_code == 400
    assert page.get("/people/?view=99999").status_code == 404


def test_a_view_of_another_list_is_refused(page: Client, alice: Any) -> None:
    view = make_view(alice, place="leads", params={})
    assert page.get(f"/people/?view={view.pk}").status_code in (400, 404)


def test_a_view_of_a_list_that_one_may_not_open_is_not_there(alice: Any, sam: Any) -> None:
    view = make_view(alice, place="leads", params={})
    SavedView.objects.filter(pk=view.pk).update(shared=True)
    assert SavedView.objects.visible_to(sam).filter(pk=view.pk).exists()
    sam.groups.clear()
    assert not SavedView.objects.visible_to(User.objects.get(pk=sam.pk)).filter(pk=view.pk).exists()


def test_views_cost_the_same_queries_however_many_there_are(
    page: Client, alice: Any, django_assert_max_num_queries: Any
) -> None:
    view = make_view(alice)
    html_of(page, f"/people/?view={view.pk}")
    with django_assert_max_num_queries(17) as few:
        html_of(page, f"/people/?view={view.pk}")
    for n in range(20):
        make_view(alice, f"View {n}")
    with django_assert_max_num_queries(len(few.captured_queries)):
        html_of(page, f"/people/?view={view.pk}")


def test_the_command_menu_goes_to_a_view(page: Client, alice: Any) -> None:
    view = make_view(alice, "Northern bosses")
    answer = page.get("/command/?q=northern", headers={"X-Requested-With": "fetch"})
    html = answer.content.decode()
    assert f"/people/?view={view.pk}" in html and "Northern bosses" in re.sub(r"</?mark>", "", html)


def test_the_administrator_sees_every_view_and_takes_away_shared_ones_by_the_service(
    client: Client, olga: Any, alice: Any, bob: Any
) -> None:
    private = make_view(alice, place="leads")
    shared = make_view(may(bob, "share_savedview"), "Shared", place="leads", shared=True)
    client.force_login(olga)
    html = client.get("/admin/core/savedview/").content.decode()
    assert "Bosses" in html and "Shared" in html
    client.post("/admin/core/savedview/", {"action": "remove", "_selected_action": [private.pk, shared.pk]})
    assert list(SavedView.objects.all()) == [private]
    assert AuditEntry.objects.filter(action="view.deleted", actor=olga).count() == 1
