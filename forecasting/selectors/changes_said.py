"""How a line of the log reads to whose record it is about: what follows the record's name, or nothing worth telling."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from leads.models import ReceivedMessage
from opportunities.models import Stage
from orders.models import Invoice
from postsales.models import Priority, SlaBreach
from revops.core.memo import once
from revops.core.models import AuditEntry
from revops.core.money import Money
from revops.core.templatetags.frame import day, money_text


@dataclass(frozen=True)
class Said:
    """The words behind the name, and how much they weigh."""

    text: str
    icon: str = "arrow-right"
    tone: str = "meta"


Saying = Callable[[AuditEntry, Any, Any], Said | None]


def plain(text: StrOrPromise, icon: str = "arrow-right", tone: str = "meta") -> Saying:
    """Always the same words."""
    return lambda _entry, _record, _user: Said(str(text), icon, tone)


def _given(entry: AuditEntry, user: Any) -> bool:
    owner = entry.after.get("owner")
    return isinstance(owner, dict) and owner.get("id") == user.pk


def given(entry: AuditEntry, record: Any, user: Any) -> Said | None:
    """Whether the record was given to this person, and still is theirs."""
    if not _given(entry, user) or record.owner_id != user.pk:
        return None
    return Said(_("is yours now"), "user-check", "accent")


def _moved(entry: AuditEntry, record: Any, _user: Any) -> Said:
    key = str(entry.facts.get("stage", ""))
    label = record.stage.label if record.stage.key == key else _stages().get(key, key)
    return Said(_("moved to %(stage)s") % {"stage": label}, "arrow-right", "accent")


def _stages() -> dict[str, str]:
    found: dict[str, str] = once("stage_labels", lambda: dict(Stage.objects.values_list("key", "label")))
    return found


def _deal_changed(entry: AuditEntry, record: Any, user: Any) -> Said | None:
    told = given(entry, record, user)
    if told is not None:
        return told
    if "amount" in entry.after:
        return _amount(entry, record)
    return _close_date(entry) if "close_on" in entry.after else None


def _amount(entry: AuditEntry, record: Any) -> Said:
    was, now = (
        None if value in (None, "") else Decimal(str(value))
        for value in (entry.before.get("amount"), entry.after["amount"])
    )
    if now is None:
        return Said(_("has no amount any more"), "trending-down", "warn")
    words = {"now": money_text(Money(now, record.currency), "auto")}
    if was is None:
        return Said(_("is worth %(now)s") % words, "trending-up", "ok")
    words["was"] = money_text(Money(was, record.currency), "auto")
    up = now > was
    text = _("up to %(now)s from %(was)s") if up else _("down to %(now)s from %(was)s")
    return Said(text % words, "trending-up" if up else "trending-down", "ok" if up else "warn")


def _close_date(entry: AuditEntry) -> Said | None:
    was, now = (_as_day(value) for value in (entry.before.get("close_on"), entry.after["close_on"]))
    if now is None:
        return None
    late = was is not None and now > was
    text = _("pushed to %(day)s") if late else _("closes on %(day)s")
    return Said(text % {"day": day(now)}, "calendar-due", "warn" if late else "ok")


def _as_day(value: Any) -> date | None:
    return date.fromisoformat(str(value)[:10]) if value else None


def _paid(entry: AuditEntry, record: Any, _user: Any) -> Said | None:
    status = entry.after.get("status")
    if status == Invoice.Status.PAID:
        return Said(_("was paid"), "cash", "ok")
    if status == Invoice.Status.PARTIALLY_PAID:
        return Said(_("was paid in part, %(open)s is open") % {"open": money_text(record.open_money, "auto")}, "cash")
    return None


def _promise(entry: AuditEntry, _record: Any, _user: Any) -> Said:
    target = entry.facts.get("target", "")
    label = SlaBreach.Target(target).label if target in SlaBreach.Target.values else target
    return Said(_("missed its promise: %(target)s") % {"target": label}, "alert-triangle", "bad")


def _priority(entry: AuditEntry, _record: Any, _user: Any) -> Said | None:
    was, now = str(entry.before.get("priority", "")), str(entry.after.get("priority", ""))
    label = Priority(now).label if now in Priority.values else now
    up = now < was
    return Said(_("is %(priority)s now") % {"priority": label}, "flag", "bad" if up else "meta")


def reply_url(row: ReceivedMessage) -> str:
    """Where an answer is read."""
    return f"{reverse('reply-inbox')}?open={row.pk}"


DEALS: Mapping[str, Saying] = {
    "opportunity.moved": _moved,
    "opportunity.won": plain(gettext_lazy("was won"), "trophy", "ok"),
    "opportunity.lost": plain(gettext_lazy("was lost"), "circle-x", "bad"),
    "opportunity.reopened": plain(gettext_lazy("is open again"), "rotate", "accent"),
    "opportunity.updated": _deal_changed,
    "opportunity.handed_over": given,
}
QUOTES: Mapping[str, Saying] = {
    "quote.accepted": plain(gettext_lazy("was accepted"), "circle-check", "ok"),
    "quote.rejected": plain(gettext_lazy("was declined"), "circle-x", "bad"),
    "quote.expired": plain(gettext_lazy("has run out"), "calendar-due", "warn"),
    "quote.step_approved": plain(gettext_lazy("got a yes"), "check", "ok"),
    "quote.step_rejected": plain(gettext_lazy("was sent back"), "arrow-back-up", "warn"),
}
LEADS: Mapping[str, Saying] = {
    "lead.assigned": given,
    "lead.changed": given,
    "lead.disqualified": plain(gettext_lazy("was disqualified"), "ban"),
    "lead.sent_back": plain(gettext_lazy("was sent back"), "arrow-back-up", "warn"),
    "lead.answer_missed": plain(gettext_lazy("was not answered in time"), "alert-triangle", "bad"),
}
HANDOFFS: Mapping[str, Saying] = {
    "handoff.accepted": plain(gettext_lazy("was taken over"), "circle-check", "ok"),
    "handoff.rejected": plain(gettext_lazy("was turned down"), "circle-x", "warn"),
    "handoff.expired": plain(gettext_lazy("got no answer in time"), "clock-x", "warn"),
}
ORDERS: Mapping[str, Saying] = {
    "order.booked": plain(gettext_lazy("was booked"), "package", "ok"),
    "order.cancelled": plain(gettext_lazy("was cancelled"), "circle-x", "bad"),
    "order.delivered": plain(gettext_lazy("was delivered"), "truck-delivery", "ok"),
    "order.updated": given,
    "order.handed_over": given,
}
INVOICES: Mapping[str, Saying] = {"invoice.settled": _paid}
CASES: Mapping[str, Saying] = {
    "case.opened": plain(gettext_lazy("was opened"), "lifebuoy"),
    "case.assigned": given,
    "case.customer_answered": plain(gettext_lazy("has an answer of the customer"), "message-reply", "accent"),
    "case.priority_set": _priority,
    "case.reopened": plain(gettext_lazy("is open again"), "rotate", "warn"),
    "case.resolved": plain(gettext_lazy("was solved"), "check", "ok"),
    "case.sla_breached": _promise,
}
ACCOUNTS: Mapping[str, Saying] = {"account.changed": given, "contact.changed": given}
