from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse

from revops.core import registries
from revops.core.context import frame
from revops.core.registries import DayItem, DaySource, NavItem, Panel, Registry, Step


def item(key: str, order: int = 100, **more: Any) -> NavItem:
    return NavItem(key, key.title(), "core:offline", "x", order=order, **more)


def test_a_registry_keeps_its_order_whatever_the_order_of_filling() -> None:
    registry: Registry[NavItem] = Registry("navigation")
    for entry in (item("late", 30), item("b", 10), item("a", 10)):
        registry.register(entry)
    assert [entry.key for entry in registry] == ["a", "b", "late"]
    assert "a" in registry and len(registry) == 3 and registry.get("missing") is None


def test_a_registry_refuses_a_taken_key() -> None:
    registry: Registry[NavItem] = Registry("navigation")
    registry.register(item("leads"))
    with pytest.raises(ImproperlyConfigured, match="leads"):
        registry.register(item("leads"))


def test_every_entry_of_the_shell_leads_somewhere() -> None:
    for entry in [*registries.navigation, *registries.create_menu, *registries.commands]:
        assert reverse(entry.url_name).startswith("/"), entry


def test_no_two_entries_share_a_shortcut() -> None:
    for registry in (registries.navigation, registries.create_menu):
        letters = [entry.shortcut for entry in registry if entry.shortcut]
        assert len(letters) == len(set(letters)), registry.name


@pytest.mark.urls("tests.core.pages")
def test_navigation_shows_only_what_the_role_permits(alice: Any, olga: Any, rf: Any, monkeypatch: Any) -> None:
    navigation: Registry[NavItem] = Registry("navigation")
    navigation.register(item("open", 1))
    navigation.register(item("closed", 2, permission="users.change_user"))
    monkeypatch.setattr("revops.core.context.navigation", navigation)
    request = rf.get("/offline/")
    for person, keys in ((alice, ["open"]), (olga, ["open", "closed"])):
        request.user = person
        shown = frame(request)["frame"]["navigation"]
        assert [link.key for link in shown] == keys
        assert shown[0].current


@pytest.mark.urls("tests.core.pages")
def test_a_count_in_the_navigation_is_asked_once(alice: Any, rf: Any, monkeypatch: Any) -> None:
    asked: list[Any] = []
    navigation: Registry[NavItem] = Registry("navigation")
    navigation.register(item("leads", count=lambda user: asked.append(user) or 7))
    monkeypatch.setattr("revops.core.context.navigation", navigation)
    request = rf.get("/")
    request.user = alice
    assert [frame(request)["frame"]["navigation"][0].count for _ in range(3)] == [7, 7, 7]
    assert asked == [alice]


def test_panels_of_a_page_come_with_their_address(alice: Any, monkeypatch: Any) -> None:
    panels: Registry[Panel] = Registry("panels")
    panels.register(Panel("b", "accounts.account", "Orders", lambda obj: f"/orders/?account={obj.pk}", order=2))
    panels.register(Panel("a", "accounts.account", "Deals", lambda obj: f"/deals/?account={obj.pk}", order=1))
    panels.register(Panel("c", "accounts.account", "Pay", lambda obj: "/", permission="users.change_user"))
    panels.register(Panel("d", "orders.order", "Lines", lambda obj: "/"))
    monkeypatch.setattr(registries, "panels", panels)
    shown = registries.panels_for("accounts.account", alice, alice)
    assert [(panel["title"], panel["url"]) for panel in shown] == [
        ("Deals", f"/deals/?account={alice.pk}"),
        ("Orders", f"/orders/?account={alice.pk}"),
    ]


def test_my_day_sorts_by_rank_then_by_due_time(alice: Any, monkeypatch: Any) -> None:
    noon = datetime(2026, 11, 19, 12, tzinfo=UTC)
    sources: Registry[DaySource] = Registry("day_items")
    sources.register(DaySource("one", lambda user, today: [DayItem("task", "No time", "", "/", rank=2)]))
    later, sooner = noon.replace(hour=15), noon
    sources.register(
        DaySource(
            "two",
            lambda user, today: [
                DayItem("task", "Later", "", "/", later, rank=2),
                DayItem("task", "Sooner", "", "/", sooner, rank=2),
                DayItem("lead", "First", "", "/", rank=1),
            ],
        )
    )
    monkeypatch.setattr(registries, "day_items", sources)
    shown = registries.day_for(alice, date(2026, 11, 19))
    assert [entry.title for entry in shown] == ["First", "Sooner", "Later", "No time"]


def test_steps_are_found_by_topic() -> None:
    guards: Registry[Step] = Registry("guards")
    guards.register(Step("b", print, order=2, topic="deal.reopen"))
    guards.register(Step("a", print, order=1, topic="deal.reopen"))
    guards.register(Step("c", print, topic="order.void"))
    assert [step.key for step in registries.steps_for(guards, "deal.reopen")] == ["a", "b"]
