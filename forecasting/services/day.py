"""What people do on My day itself: log a line, put something off."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import services as accounts_services
from accounts.models import Activity, Contact
from accounts.when import time_in
from forecasting.models import PutOff
from forecasting.selectors.my_day import people_in
from revops.core import clock
from revops.core.errors import InvalidInput

SUBJECT, KEY, MOST = 200, 200, 1000
# What is to be done instead of what was: "task: …", "to do …", "Aufgabe …".
TASK = re.compile(r"(?:task|to[ -]?do|aufgabe)\b[:,.]?\s+(?=\S)", re.IGNORECASE)
# What a line begins with, in the languages that the product speaks.
VERBS = {
    "called": Activity.Kind.CALL, "phoned": Activity.Kind.CALL, "call": Activity.Kind.CALL,
    "angerufen": Activity.Kind.CALL, "telefoniert": Activity.Kind.CALL, "anruf": Activity.Kind.CALL,
    "mailed": Activity.Kind.EMAIL, "e-mailed": Activity.Kind.EMAIL, "wrote": Activity.Kind.EMAIL,
    "mail": Activity.Kind.EMAIL, "gemailt": Activity.Kind.EMAIL, "geschrieben": Activity.Kind.EMAIL,
    "met": Activity.Kind.MEETING, "meeting": Activity.Kind.MEETING, "getroffen": Activity.Kind.MEETING,
    "termin": Activity.Kind.MEETING, "visited": Activity.Kind.VISIT, "visit": Activity.Kind.VISIT,
    "besucht": Activity.Kind.VISIT, "besuch": Activity.Kind.VISIT,
}  # fmt: skip


@transaction.atomic
def log_line(*, actor: Any, text: str) -> Activity:
    """One line of what happened. Its first word says of which kind; a contact of one's own that it names gets it.

    "Task" or "to do" in front plans one: for the time that the line names, else for tomorrow.
    """
    line = " ".join(text.replace("\x00", "").split())
    if not line:
        raise InvalidInput.of(text=_("Say what happened, or what comes next."))
    task = TASK.match(line)
    if task is not None:
        what = line[task.end() :]
        return accounts_services.plan_activity(
            actor=actor, kind=Activity.Kind.TASK, due_at=time_in(what), **_facts(actor, what)
        )
    kind = VERBS.get(line.split()[0].strip(",.:").casefold(), Activity.Kind.NOTE)
    return accounts_services.log_activity(actor=actor, kind=kind, **_facts(actor, line))


@transaction.atomic
def put_off(*, actor: Any, key: str) -> PutOff:
    """Not before tomorrow."""
    if not key or len(key) > KEY or "\x00" in key:
        raise InvalidInput.of(key=_("There is no such thing on My day."))
    mine = PutOff.objects.filter(user=actor)
    mine.filter(until__lte=clock.now()).delete()
    if mine.count() >= MOST:
        raise InvalidInput.of(key=_("At most %(most)s things are put off.") % {"most": MOST})
    row, _made = PutOff.objects.update_or_create(user=actor, key=key, defaults={"until": _tomorrow()})
    return row


def _facts(actor: Any, line: str) -> dict[str, Any]:
    return {
        "subject": line if len(line) <= SUBJECT else f"{line[: SUBJECT - 1]}…",
        "body": line if len(line) > SUBJECT else "",
        "contact": _named(actor, line),
    }


def _named(actor: Any, line: str) -> Contact | None:
    people = people_in(actor, line)
    return people[0] if len(people) == 1 else None


def _tomorrow() -> datetime:
    """When the company's next day begins."""
    return clock.start_of(clock.today() + timedelta(days=1))
