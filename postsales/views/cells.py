"""How a case's state and clocks read."""

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from postsales.models import Priority, SupportCase
from postsales.selectors import Clock, ClockBook
from revops.core.templatetags.frame import duration

Status = SupportCase.Status
TONES = {
    Status.NEW: "accent",
    Status.OPEN: "",
    Status.PENDING_CUSTOMER: "warn",
    Status.RESOLVED: "ok",
    Status.CLOSED: "line",
}
PRIORITY_TONES = {Priority.P1: "bad", Priority.P2: "warn"}
CLOCK_STATES = {"running": "open", "paused": "open", "soon": "warn", "breached": "bad", "missed": "bad", "met": "done"}


def span(time: timedelta) -> str:
    """3 h 05 min; days are not used, because a working day is not 24 hours long."""
    return duration(int(abs(time) // timedelta(minutes=1)))


def clock_text(clock: Clock) -> str:
    """What is left, or by how much it is late."""
    words = {
        "paused": _("paused, %(time)s left"),
        "breached": _("%(time)s late"),
        "missed": _("missed by %(time)s"),
        "met": _("met, %(time)s left"),
    }
    return words.get(clock.state, _("%(time)s left")) % {"time": span(clock.remaining)}


def clock_cell(case: SupportCase, book: ClockBook) -> tuple[str, str] | None:
    """(text, state) of the clock that matters now."""
    clocks = book.of(case)
    return (clock_text(clocks.next), CLOCK_STATES[clocks.next.state]) if clocks else None


def clock_rows(case: SupportCase, book: ClockBook) -> list[dict[str, Any]]:
    """Both clocks for the record page."""
    clocks = book.of(case)
    labels = {"response": _("First answer"), "resolution": _("Solution")}
    return [
        {
            "label": labels[one.target],
            "text": clock_text(one),
            "state": CLOCK_STATES[one.state],
            "due_at": one.due_at,
            "share": one.elapsed / one.allowed * 100,
            "paused": span(one.paused) if one.paused else "",
        }
        for one in (clocks.both() if clocks else ())
    ]
