"""What people do on My day itself: log a line, put something off."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import services as accounts_services
from accounts.models import Activity, Contact
from forecasting.models import PutOff
from forecasting.selectors.my_day import people_in
from revops.core import clock
from revops.core.errors import InvalidInput

SUBJECT, KEY, MOST = 200, 200, 1000
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
    """One line of what happened. Its first word says of which kind; a contact of one's own that it names gets it."""
    line = " ".join(text.replace("\x00", "").split())
    if not line:
        raise InvalidInput.of(text=_("Say what happened, or what comes next."))
    return accounts_services.log_activity(
        actor=actor,
        kind=VERBS.get(line.split()[0].strip(",.:").casefold(), Activity.Kind.NOTE),
        subject=line if len(line) <= SUBJECT else f"{line[: SUBJECT - 1]}…",
        body=line if len(line) > SUBJECT else "",
        contact=_named(actor, line),
    )


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


@transaction.atomic
def put_off_activity(*, actor: Any, activity: Activity, version: int | None) -> Activity:
    """A planned activity moves to tomorrow, or a day further than it stands, at the same hour."""
    if activity.due_at is None:
        raise InvalidInput.of(due_at=_("A planned activity needs a time."))
    zone = clock.company_zone()
    local = activity.due_at.astimezone(zone)
    day = max(local.date(), clock.today()) + timedelta(days=1)
    due_at = datetime.combine(day, local.time(), zone)
    return accounts_services.update_activity(activity=activity, version=version, actor=actor, due_at=due_at)


def _named(actor: Any, line: str) -> Contact | None:
    people = people_in(actor, line)
    return people[0] if len(people) == 1 else None


def _tomorrow() -> datetime:
    """When the company's next day begins."""
    return clock.start_of(clock.today() + timedelta(days=1))
