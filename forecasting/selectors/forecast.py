"""The forecast: split rows by category and person. One definition for page, API, dashboard and the rows behind.

Columns are cumulative as semantics.md 2.4 [R21] has them: commit = closed + commit, best case = closed + commit + best
case; open pipeline = pipeline + best case + commit without closed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    DateField,
    DecimalField,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Round

from opportunities.models import Category, Opportunity, OpportunitySplit, StageHistory
from revops.core import clock
from revops.core.money import digits
from revops.core.organisation import Span, organisation
from revops.core.rates import base_amount, refuse_missing
from revops.core.scope import reach_ids
from revops.users.models import Team, TeamMembership, User

CLOSED, COMMIT, BEST, PIPELINE = "closed", "commit", "best_case", "pipeline"
OMITTED, NO_DATE, OVERDUE = "omitted", "no_date", "overdue"
ALL_OPEN, WEIGHTED = "open", "weighted"
OPEN_BUCKETS = (COMMIT, BEST, PIPELINE)
COLUMNS: dict[str, tuple[str, ...]] = {
    CLOSED: (CLOSED,),
    COMMIT: (CLOSED, COMMIT),
    BEST: (CLOSED, COMMIT, BEST),
    PIPELINE: OPEN_BUCKETS,
    NO_DATE: (NO_DATE,),
    OVERDUE: (OVERDUE,),
}


def split_rows(*, viewer: Any, as_of: date) -> QuerySet[Any]:
    """Revenue shares of the people in reach, of deals that existed on `as_of`, as they stood that day.

    Annotated: `won` and `is_open` (as of the day), `now_category`, `rate_on` (close date of a won deal, else the day)
    and `base`, the share in the base currency.
    """
    people = reach_ids(viewer)
    rows = OpportunitySplit.objects.filter(
        kind=OpportunitySplit.Kind.REVENUE, opportunity__in=Opportunity.objects.visible_to(viewer).values("pk")
    ).filter(opportunity__opened_on__lte=as_of, opportunity__archived_at__isnull=True)
    if people is not None:
        rows = rows.filter(user_id__in=people)
    over = Q(opportunity__closed_on__lte=as_of)
    rows = rows.annotate(
        was=Case(
            When(over, then=F("opportunity__status")),
            default=Value(Opportunity.Status.OPEN),
            output_field=CharField(),
        ),
        rate_on=Case(When(over, then=F("opportunity__closed_on")), default=Value(as_of), output_field=DateField()),
        now_category=_category(as_of),
    )
    return rows.annotate(base=base_amount("amount", "opportunity__currency", "rate_on"))


def _category(as_of: date) -> Any:
    """The category on a day: today's for a deal that is still open, else that of the stage in which it then stood."""
    still_open = When(opportunity__status=Opportunity.Status.OPEN, then=F("opportunity__category"))
    if as_of >= clock.today():
        return Case(still_open, default=F("opportunity__category"), output_field=CharField())
    end = clock.start_of(as_of + timedelta(days=1))
    stood = StageHistory.objects.filter(opportunity=OuterRef("opportunity"), at__lt=end).order_by("-at", "-pk")
    return Case(
        still_open,
        default=Coalesce(Subquery(stood.values("to_stage__category")[:1]), Value(Category.PIPELINE)),
        output_field=CharField(),
    )


def bucketed(rows: QuerySet[Any], span: Span) -> QuerySet[Any]:
    """Put each row in one bucket of the period (INV-50); rows that belong to another period are left out."""
    won = Q(was=Opportunity.Status.WON)
    is_open = Q(was=Opportunity.Status.OPEN)
    inside = Q(opportunity__close_on__range=(span.first, span.last))
    bucket = Case(
        When(won & Q(opportunity__closed_on__range=(span.first, span.last)), then=Value(CLOSED)),
        When(is_open & Q(now_category=Category.OMITTED), then=Value(OMITTED)),
        When(is_open & Q(opportunity__close_on__isnull=True), then=Value(NO_DATE)),
        When(is_open & Q(opportunity__close_on__lt=span.first), then=Value(OVERDUE)),
        When(is_open & inside, then=F("now_category")),
        default=Value(""),
        output_field=CharField(),
    )
    return rows.annotate(bucket=bucket).exclude(bucket="")


def open_rows(*, viewer: Any, as_of: date) -> QuerySet[Any]:
    """Every share of an open deal, whenever it is to close; omitted ones are in no total."""
    # Open that day, said once in words that an index understands.
    stood = Q(opportunity__status=Opportunity.Status.OPEN) | Q(opportunity__closed_on__gt=as_of)
    rows = split_rows(viewer=viewer, as_of=as_of).filter(stood, was=Opportunity.Status.OPEN)
    return rows.exclude(now_category=Category.OMITTED)


def rows_behind(
    *, viewer: Any, span: Span, as_of: date, column: str, user: int | None = None, team: int | None = None
) -> QuerySet[Any]:
    """Exactly the rows that a figure of the forecast adds up; column "open" is the whole open pipeline."""
    if column == ALL_OPEN:
        rows = open_rows(viewer=viewer, as_of=as_of)
    else:
        rows = bucketed(split_rows(viewer=viewer, as_of=as_of), span).filter(bucket__in=COLUMNS[column])
    return _narrowed(rows, as_of, user, team)


def _narrowed(rows: QuerySet[Any], as_of: date, user: int | None, team: int | None) -> QuerySet[Any]:
    if user is not None:
        rows = rows.filter(user_id=user)
    if team is not None:
        there = set(_members(as_of).filter(team_id=team).values_list("user_id", flat=True))
        home = team_of(there, as_of)
        rows = rows.filter(user_id__in=[key for key in there if home[key].pk == team])
    return rows


def likely(base: str) -> Case:
    """A row's weighted amount: closed at 100 %, open at the deal's probability, each rounded to the coin."""
    return Case(
        When(bucket=CLOSED, then=F("base")),
        When(bucket__in=OPEN_BUCKETS, then=Round(F("base") * F("opportunity__probability") / 100, digits(base))),
        default=Value(Decimal(0)),
        output_field=DecimalField(max_digits=19, decimal_places=3),
    )


def counted_rows(
    *, viewer: Any, span: Span, as_of: date, column: str, user: int | None = None, team: int | None = None
) -> QuerySet[Any]:
    """`rows_behind` with `counted`, what each row adds to the figure, and `base_currency`; also for "weighted"."""
    base = organisation().base_currency
    if column == WEIGHTED:
        rows = _narrowed(bucketed(split_rows(viewer=viewer, as_of=as_of), span), as_of, user, team)
        rows = rows.filter(bucket__in=(CLOSED, *OPEN_BUCKETS)).annotate(counted=likely(base))
    else:
        rows = rows_behind(viewer=viewer, span=span, as_of=as_of, column=column, user=user, team=team)
        rows = rows.annotate(counted=F("base"))
    rows = rows.annotate(base_currency=Value(base))
    return rows.select_related("opportunity__account", "opportunity__stage", "user")


def counted_total(rows: QuerySet[Any]) -> Decimal:
    """The sum of `counted`. Raises DomainError "missing_rate"."""
    found = rows.order_by().aggregate(total=Sum("counted"), gaps=Count("pk", filter=Q(counted__isnull=True)))
    refuse_missing(found["gaps"])
    return found["total"] or Decimal(0)


@dataclass
class Line:
    """One person's (or team's, or the whole) figures in the base currency, by bucket."""

    key: int | None
    label: str
    person: User | None = None
    sums: dict[str, Decimal] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    weighted: Decimal = Decimal(0)
    quota: Decimal | None = None

    def column(self, name: str) -> Decimal:
        """A column of the table: the sum over its buckets."""
        return sum((self.sums.get(bucket, Decimal(0)) for bucket in COLUMNS[name]), Decimal(0))

    def count(self, name: str) -> int:
        """How many split rows stand behind a column."""
        return sum(self.counts.get(bucket, 0) for bucket in COLUMNS[name])

    def add(self, other: "Line") -> None:
        """Roll another line up into this one."""
        for bucket, amount in other.sums.items():
            self.sums[bucket] = self.sums.get(bucket, Decimal(0)) + amount
            self.counts[bucket] = self.counts.get(bucket, 0) + other.counts[bucket]
        self.weighted += other.weighted
        if other.quota is not None:
            self.quota = (self.quota or Decimal(0)) + other.quota


@dataclass
class TeamBlock:
    """A team with its people."""

    total: Line
    people: list[Line]


@dataclass
class Forecast:
    """The whole table: teams with their people, and the total over all of them."""

    span: Span
    as_of: date
    currency: str
    teams: list[TeamBlock]
    total: Line


def forecast(*, viewer: Any, span: Span, as_of: date, quotas: dict[int, Decimal] | None = None) -> Forecast:
    """The table of the forecast page. `quotas` is {user id: amount in the base currency}.

    Two queries for the figures and one for the teams, however many deals there are.
    """
    base = organisation().base_currency
    lines = _lines(viewer, span, as_of, base)
    for user_id, amount in (quotas or {}).items():
        lines.setdefault(user_id, Line(user_id, "")).quota = amount
    people = {user.pk: user for user in User.objects.filter(pk__in=lines)}
    for user_id, line in lines.items():
        line.person, line.label = people[user_id], str(people[user_id])
    blocks = _blocks(lines.values(), as_of)
    total = Line(None, "")
    for block in blocks:
        total.add(block.total)
    return Forecast(span, as_of, base, blocks, total)


def _lines(viewer: Any, span: Span, as_of: date, base: str) -> dict[int, Line]:
    found = (
        bucketed(split_rows(viewer=viewer, as_of=as_of), span)
        .order_by()
        .values("user_id", "bucket")
        .annotate(total=Sum("base"), likely=Sum(likely(base)), rows=Count("pk"), gaps=Count("pk", filter=Q(base=None)))
    )
    lines: dict[int, Line] = {}
    for row in found:
        refuse_missing(row["gaps"])
        line = lines.setdefault(row["user_id"], Line(row["user_id"], ""))
        line.sums[row["bucket"]] = row["total"] or Decimal(0)
        line.counts[row["bucket"]] = row["rows"]
        line.weighted += row["likely"] or Decimal(0)
    return lines


def _members(on: date) -> QuerySet[TeamMembership]:
    """Where people stand on a day: as members, else as managers of their team."""
    return TeamMembership.objects.filter(during__contains=on)


def team_of(user_ids: Iterable[int], on: date) -> dict[int, Team]:
    """{user id: the team in which they count on a day}: that of the membership, else the one they manage."""
    places = _members(on).filter(user_id__in=list(user_ids)).order_by("role", "team__name", "pk").select_related("team")
    home: dict[int, Team] = {}
    for place in places:  # managers come before members in the order of roles
        if place.role == TeamMembership.Role.MEMBER or place.user_id not in home:
            home[place.user_id] = place.team
    return home


def _blocks(lines: Iterable[Line], as_of: date) -> list[TeamBlock]:
    everyone = list(lines)
    home = team_of([line.key for line in everyone if line.key], as_of)
    blocks: dict[int | None, TeamBlock] = {}
    for line in sorted(everyone, key=lambda one: one.label):
        team = home.get(line.key or 0)
        key = team.pk if team else None
        block = blocks.setdefault(key, TeamBlock(Line(key, team.name if team else "Without a team"), []))
        block.people.append(line)
        block.total.add(line)
    return sorted(blocks.values(), key=lambda block: (block.total.key is None, block.total.label))
