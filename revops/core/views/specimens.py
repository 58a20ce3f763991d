"""What the style guide shows: one example of everything, with figures of the mock-ups."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from django import forms

from revops.core.money import Money
from revops.core.views.board import Card, Lane
from revops.core.views.parts import Figure


class SpecimenForm(forms.Form):
    """A form with one field of each arrangement."""

    name = forms.CharField(label="Full name", initial="Ulla Sjögren")
    mail = forms.EmailField(label="E-mail", help_text="Where the answer goes.")
    size = forms.IntegerField(label="Vehicles", required=False)
    source = forms.ChoiceField(label="Source", choices=[("web", "Web form"), ("fair", "Trade fair")])
    wants = forms.ChoiceField(
        label="Answer by", choices=[("mail", "Mail"), ("call", "Call")], widget=forms.RadioSelect, initial="call"
    )
    note = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    agreed = forms.BooleanField(label="May be written to", required=False)


def _usd(value: str) -> Money:
    return Money(Decimal(value), "USD")


def _lanes() -> list[Lane]:
    call, late = ("Call Ingrid at 11:00", "today"), ("Contract, 3 days late", "late")
    fleet = Card(1, 1, "#", "#", "Fleet telemetry rollout", "Halvorsen Logistics", _usd("132000"), "Approval: Bob")
    fleet = replace(fleet, pill_tone="warn", next_text=call[0], when=call[1], owner="Alice Moreau")
    seats = Card(2, 1, "#", "#", "Seat expansion, +30", "Meridian Dental Group", _usd("16200"), owner="Chloe Tan")
    warning = "No activity for 8 days, limit 7. Next: contract was due Monday."
    seats = replace(seats, next_text=late[0], when=late[1], warning=warning)
    pitch = Card(3, 1, "#", "#", "Guest maintenance", "Harbor & Vine Hotels", _usd("31700"), owner="Farid Haddad")
    return [
        Lane("pitch", "Pitch", 6, _usd("221300"), _usd("121715"), "at 55 %", 20, [pitch]),
        Lane("negotiate", "Negotiate", 5, _usd("206600"), _usd("154950"), "at 75 %", 18, [fleet, seats]),
        Lane("close", "Close", 0, _usd("0"), _usd("0"), "at 90 %", 0),
    ]


def _charts() -> dict[str, Any]:
    booked = [22000, 164000, 318000, 455000, 611000, 726100]
    pace = [60000, 240000, 420000, 560000, 680000, 731000]
    return {
        "bar_spec": {
            "kind": "bar",
            "labels": ["Jul", "Aug", "Sep", "Oct"],
            "unit": "USD",
            "series": [{"name": "Won", "values": [388000, 412000, 530500, 619000], "color": 1}],
            "mark": {"value": 600000, "label": "Quota"},
        },
        "bar_head": ["Month", "Won"],
        "bar_rows": [["Jul", "$388,000"], ["Aug", "$412,000"], ["Sep", "$530,500"], ["Oct", "$619,000"]],
        "line_spec": {
            "kind": "line",
            "labels": ["2 Nov", "6", "10", "13", "17", "19"],
            "unit": "USD",
            "series": [
                {"name": "Booked", "values": booked, "color": 1, "area": True},
                {"name": "Pace", "values": pace, "color": "base", "dash": True},
            ],
        },
        "funnel_spec": {
            "kind": "funnel",
            "labels": ["New leads", "Worked", "Qualified", "Opportunities", "Orders"],
            "series": [{"name": "Leads", "values": [412, 268, 62, 41, 12], "color": 1}],
        },
    }


def specimens() -> dict[str, Any]:
    """Context of the style guide."""
    return {
        "form": SpecimenForm(),
        "bad_form": SpecimenForm({"bad-mail": "ulla@@vasa.example", "bad-size": "about 30"}, prefix="bad"),
        "money": _usd("132000.50"),
        "figures": [
            Figure("Open pipeline", _usd("1129700"), "#", "39 open"),
            Figure("Weighted", _usd("458115"), "#", "stage odds of 24 months"),
            Figure("Margin", "23.2 %", "", "25 % needs no approval", "warn"),
        ],
        "steps": [
            {"label": "Engage", "note": "3 d", "state": "done"},
            {"label": "Discover needs", "note": "5 d", "state": "done"},
            {"label": "Negotiate", "note": "4 d", "state": "now"},
            {"label": "Close", "state": "todo"},
        ],
        "tabs": [
            {"label": "Timeline", "url": "#", "current": True},
            {"label": "Quotes", "url": "#", "count": 2},
            {"label": "Files", "url": "#", "count": 6},
        ],
        "segment": [
            {"label": "Board", "url": "#", "icon": "layout-kanban", "current": True},
            {"label": "List", "url": "#", "icon": "list"},
        ],
        "lanes": _lanes(),
        **_charts(),
    }
