"""What a deal's own page shows besides its timeline."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from opportunities.models import Opportunity, Quote, Stage, StageHistory
from opportunities.selectors.opportunities import board_stages
from revops.core.money import truncated_percent

DAY = 86400
QUOTES_SHOWN = 5


@dataclass(frozen=True)
class Step:
    """A stage of the stepper: done, now or todo, and how long the deal stood there."""

    key: str
    label: str
    note: str
    state: str


def stage_steps(deal: Opportunity, now: datetime) -> tuple[list[Step], Stage | None]:
    """The stepper, and the stage that follows the present one (None when the deal is closed or stands last)."""
    seconds = _seconds(deal, now)
    stages = [stage for stage in board_stages(deal.pipeline) if stage.kind == Stage.Kind.OPEN]
    closed = deal.status != Opportunity.Status.OPEN
    steps = []
    for stage in stages:
        state = "now" if stage.pk == deal.stage_id else "todo"
        if state != "now" and (stage.position < deal.stage.position and (not closed or stage.pk in seconds)):
            state = "done"
        note = _("%(n)s d") % {"n": seconds[stage.pk] // DAY} if stage.pk in seconds else ""
        steps.append(Step(stage.key, stage.label, note, state))
    steps.append(Step("", deal.stage.label if closed else _("Close"), "", "now" if closed else "todo"))
    following = next((stage for stage in stages if stage.position > deal.stage.position), None)
    return steps, None if closed else following


def _seconds(deal: Opportunity, now: datetime) -> dict[int, int]:
    """Seconds in each stage, over all visits; the present one counts until now."""
    spent: dict[int, int] = defaultdict(int)
    rows = StageHistory.objects.filter(opportunity=deal, from_stage__isnull=False)
    for stage, seconds in rows.values_list("from_stage_id", "seconds_in_stage"):
        spent[stage] += seconds or 0
    if deal.status == Opportunity.Status.OPEN:
        spent[deal.stage_id] += max(0, int((now - deal.stage_entered_at).total_seconds()))
    return dict(spent)


def quotes_of(deal: Opportunity) -> list[Quote]:
    """The newest quotes of a deal."""
    return list(Quote.objects.filter(opportunity=deal).order_by("-pk")[:QUOTES_SHOWN])


def margin_of(deal: Opportunity) -> Decimal | None:
    """The gross margin of the newest quote that is alive, in per cent; None without one."""
    dead = (Quote.Status.REJECTED, Quote.Status.EXPIRED, Quote.Status.SUPERSEDED)
    quote = Quote.objects.filter(opportunity=deal, net__gt=0).exclude(status__in=dead).order_by("-pk").first()
    return None if quote is None else truncated_percent(quote.net - quote.cost, quote.net)
