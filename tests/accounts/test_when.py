"""The time that a line of text names."""

from datetime import datetime

import pytest
import time_machine
from django.utils import timezone, translation

from accounts.when import time_in
from revops.core import clock

# A Monday morning.
NOON = datetime(2026, 11, 23, 10, 20, tzinfo=clock.company_zone())


def said(text: str) -> str:
    with time_machine.travel(NOON, tick=False):
        return f"{time_in(text).astimezone(timezone.get_current_timezone()):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Send the price sheet", "2026-11-24 09:00"),
        ("Call tomorrow at 14:30", "2026-11-24 14:30"),
        ("Call at 15", "2026-11-23 15:00"),
        ("Call at 9:30", "2026-11-24 09:30"),
        ("Send it today", "2026-11-23 11:20"),
        ("Contract on Friday", "2026-11-27 09:00"),
        ("PO Monday", "2026-11-30 09:00"),
        ("Ring on Wed 4pm", "2026-11-25 16:00"),
        ("Follow up in 3 days", "2026-11-26 09:00"),
        ("Ask again in 2 weeks", "2026-12-07 09:00"),
        ("Plan next week", "2026-11-30 09:00"),
        ("Audit on 4 Dec", "2026-12-04 09:00"),
        ("Renewal, January 5th, 12am", "2027-01-05 00:00"),
        ("Deadline 2027-03-01", "2027-03-01 09:00"),
        ("Rückruf am 5.12. um 8 Uhr", "2026-12-05 08:00"),
        ("Angebot übermorgen", "2026-11-25 09:00"),
        ("Bericht bis 31.12.2026, 17.30", "2026-12-31 17:30"),
        # What is no day and no hour stays words.
        ("They sat with 12 may be more, 3.5 t, 40 vans", "2026-11-24 09:00"),
        ("Number 2026-99-99 and 31.02.2026", "2026-11-24 09:00"),
        ("Version 1.2.3 of 99.99.", "2026-11-24 09:00"),
    ],
)
def test_a_line_names_its_time(text: str, at: str) -> None:
    assert said(text) == at


def test_days_are_read_as_the_reader_calls_them() -> None:
    assert said("Anruf am Donnerstag") == "2026-11-24 09:00"
    with translation.override("de"):
        assert said("Anruf am Donnerstag") == "2026-11-26 09:00"
        assert said("Brief 3. Dezember") == "2026-12-03 09:00"
        assert said("Call on Thursday") == "2026-11-26 09:00"
