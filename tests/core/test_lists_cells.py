"""Cells edited in place: the control, the service, the row; refusals and stale copies beside the cell."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tests.core.pages import PersonEditor
from tests.core.test_lists import make_people

User = get_user_model()
pytestmark = pytest.mark.urls("tests.core.pages")


@pytest.fixture
def page(alice: Any, client: Client) -> Client:
    make_people(6)
    client.force_login(alice)
    return client


def person(name: str = "p001") -> Any:
    return User.objects.get(username=name)


def save(client: Client, value: str, *, version: int | str = 1, field: str = "title", name: str = "p001") -> Any:
    data = {"do": "cell", "cell": person(name).pk, "field": field, "version": version, field: value}
    return client.post("/people/?sort=username", data)


def test_a_cell_says_that_it_can_be_edited_and_gives_its_control(page: Client) -> None:
    html = page.get("/people/").content.decode()
    assert html.count('data-field="title"') == 4, "p004 is not to be edited, and a page has five rows"
    control = page.get(f"/people/?cell={person().pk}&field=title").content.decode()
    assert 'value="Rep"' in control and 'form="cell-form"' in control and "<html" not in control
    assert 'data-version="1"' in control and 'aria-label="Title"' in control


def test_enter_saves_through_the_service_and_the_fresh_row_comes_back(page: Client) -> None:
    answer = save(page, "Captain")
    assert answer.status_code == 200 and "Captain" in answer.content.decode()
    assert 'data-version="2"' in answer.content.decode()
    assert (person().title, person().version) == ("Captain", 2)


def test_a_refusal_stands_beside_the_cell_with_what_was_typed(page: Client) -> None:
    answer = save(page, "Pope")
    html = answer.content.decode()
    assert answer.status_code == 422 and "Nobody here is that." in html and 'value="Pope"' in html
    assert 'aria-invalid="true"' in html and 'role="alert"' in html
    answer = save(page, "x" * 41)
    assert answer.status_code == 422 and "40" in answer.content.decode()
    assert (person().title, person().version) == ("Rep", 1)


def test_a_stale_copy_shows_both_and_saves_mine_only_when_asked_again(page: Client) -> None:
    User.objects.filter(username="p001").update(title="Major", version=2)
    answer = save(page, "Captain")
    html = answer.content.decode()
    assert answer.status_code == 409
    assert 'value="Captain"' in html and "Somebody saved “Major” meanwhile." in html and 'data-version="2"' in html
    assert person().title == "Major"
    assert save(page, "Captain", version=2).status_code == 200
    assert person().title == "Captain"


def test_a_row_out_of_sight_is_404_and_one_that_is_closed_403(page: Client) -> None:
    outside = User.objects.get(username="alice")
    assert page.get(f"/people/?cell={outside.pk}&field=title").status_code == 404
    data = {"do": "cell", "cell": outside.pk, "field": "title", "version": 1, "title": "x"}
    assert page.post("/people/", data).status_code == 404
    assert save(page, "Captain", name="p004").status_code == 403
    assert person("p004").title == "Boss"


@pytest.mark.parametrize(
    ("field", "version", "status"),
    [("username", 1, 400), ("password", 1, 400), ("nothing", 1, 400), ("title", "x", 400), ("title", "", 400)],
)
def test_a_column_that_is_not_edited_here_is_refused(page: Client, field: str, version: Any, status: int) -> None:
    assert save(page, "Captain", field=field, version=version).status_code == status
    assert person().username == "p001" and person().title == "Rep"


def test_without_the_right_nothing_is_offered_and_nothing_is_saved(
    page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PersonEditor, "permission", "users.delete_user")
    html = page.get("/people/").content.decode()
    assert "data-field=" not in html and "data-grid" not in html and 'data-open-dialog="bulk-edit"' not in html
    assert save(page, "Captain").status_code == 403
    assert person().title == "Rep"
    assert page.post("/people/", {"action": "edit", "pk": person().pk, "edit-field": "title"}).status_code == 400


def test_the_row_alone_is_to_be_had_after_somebody_elses_save(page: Client) -> None:
    User.objects.filter(username="p001").update(title="Major")
    html = page.get(f"/people/?cell={person().pk}").content.decode()
    assert html.count("<tr") == 1 and "Major" in html
