"""What others did lately to what a person owns or follows: read from the log, and from mails that came in."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import CharField, Model, Q, QuerySet
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from accounts.models import Account, Contact
from forecasting.selectors import changes_said as said
from leads.models import Handoff, Lead, ReceivedMessage
from opportunities.models import Opportunity, Quote
from orders.models import Invoice, Order
from postsales.models import SupportCase
from revops.core import clock
from revops.core.audit import visible_entries
from revops.core.models import AuditEntry

MOST = 200
FRIDAY = 4


@dataclass(frozen=True)
class Change:
    """One line: the record, what became of it, who did it."""

    at: datetime
    icon: str
    tone: str
    name: str
    url: str
    text: str
    who: str


@dataclass(frozen=True)
class Watched:
    """Records of a kind that are a person's concern, what is told about them, and how they are called."""

    model: type[Model]
    mine: Callable[[Any], Q]
    said: Mapping[str, said.Saying]
    name: Callable[[Any], str] = str
    joins: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return self.model._meta.label_lower

    def rows(self, user: Any) -> QuerySet[Any]:
        """Those that the person sees and that are theirs, or that they work on with others."""
        objects: Any = self.model._default_manager
        found: QuerySet[Any] = objects.visible_to(user).filter(self.mine(user))
        return found


def _own(user: Any) -> Q:
    return Q(owner=user)


def _own_or_on_team(user: Any) -> Q:
    """The deal's owner, and whoever is on its team or has a share in it."""
    on_team = Opportunity.objects.filter(team__user=user, team__left_at__isnull=True).values("pk")
    sharing = Opportunity.objects.filter(splits__user=user).values("pk")
    return Q(owner=user) | Q(pk__in=on_team) | Q(pk__in=sharing)


def _of_own_deals(user: Any) -> Q:
    return Q(opportunity__in=Opportunity.objects.filter(owner=user).values("pk"))


WATCHED = (
    Watched(Opportunity, _own_or_on_team, said.DEALS, lambda row: row.name, ("stage",)),
    Watched(Quote, _of_own_deals, said.QUOTES, lambda row: row.number),
    Watched(Lead, _own, said.LEADS, lambda row: f"{row}, {row.company}"),
    Watched(Handoff, lambda user: Q(from_user=user), said.HANDOFFS, lambda row: row.lead.company, ("lead",)),
    Watched(Order, _own, said.ORDERS, lambda row: f"{row.number}, {row.account.name}", ("account",)),
    Watched(
        Invoice,
        lambda user: Q(order__owner=user) | Q(account__owner=user),
        said.INVOICES,
        lambda row: f"{row.number}, {row.account.name}",
        ("account",),
    ),
    Watched(SupportCase, lambda user: Q(owner=user) | Q(account__owner=user), said.CASES, lambda row: row.subject),
    Watched(Account, _own, said.ACCOUNTS, lambda row: row.name),
    Watched(Contact, _own, said.ACCOUNTS, lambda row: row.name),
)


def since_last_workday() -> date:
    """Yesterday; after a weekend the Friday before."""
    day = clock.today() - timedelta(days=1)
    return day - timedelta(days=max(0, day.weekday() - FRIDAY))


def changes_for(user: Any) -> list[Change]:
    """At most MOST lines, newest first: one for each record and thing that was done to it."""
    begin = clock.start_of(since_last_workday())
    found = [*_from_log(user, begin), *_replies(user, begin)]
    return sorted(found, key=lambda change: change.at, reverse=True)[:MOST]


def _from_log(user: Any, begin: datetime) -> Iterable[Change]:
    """One query for the log, and one for each kind of record in it."""
    entries = _newest(_entries(user, begin))
    for watched in WATCHED:
        mine = [entry for entry in entries if entry.model == watched.label]
        keys = {int(entry.object_id) for entry in mine}
        rows = watched.rows(user).select_related(*watched.joins).in_bulk(keys) if keys else {}
        for entry in mine:
            record = rows.get(int(entry.object_id))
            line = watched.said[entry.action](entry, record, user) if record is not None else None
            if line is not None:
                yield Change(
                    at=entry.at,
                    icon=line.icon,
                    tone=line.tone,
                    name=watched.name(record),
                    url=record.get_absolute_url(),  # type: ignore[union-attr]
                    text=line.text,
                    who=str(entry.actor) if entry.actor else "",
                )


def _entries(user: Any, begin: datetime) -> QuerySet[AuditEntry]:
    about = Q()
    for watched in WATCHED:
        keys = watched.rows(user).order_by().annotate(key=Cast("pk", CharField())).values("key")
        about |= Q(model=watched.label, action__in=list(watched.said), object_id__in=keys)
    rows = visible_entries(user).filter(about, at__gte=begin).exclude(actor=user)
    return rows.select_related("actor").order_by("-at", "-pk")[: MOST * 2]


def _newest(entries: Iterable[AuditEntry]) -> list[AuditEntry]:
    """Of what was done several times to a record, the last time."""
    found: dict[tuple[str, str, str], AuditEntry] = {}
    for entry in entries:
        found.setdefault((entry.model, entry.object_id, entry.action), entry)
    return list(found.values())


def _replies(user: Any, begin: datetime) -> Iterable[Change]:
    """Answers to mails of the person's own sequences."""
    rows = ReceivedMessage.objects.visible_to(user).filter(
        kind=ReceivedMessage.Kind.REPLY, received_at__gte=begin, enrollment__sender=user
    )
    for row in rows.select_related("enrollment__lead", "enrollment__contact").order_by("-received_at", "-pk")[:MOST]:
        person = (row.enrollment.lead or row.enrollment.contact) if row.enrollment else None
        if person is not None:
            yield Change(
                row.received_at, "message", "accent", str(person), said.reply_url(row), _("answered your mail"), ""
            )
