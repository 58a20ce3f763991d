"""Entry criteria: what a deal still lacks to enter a stage."""

from collections.abc import Iterable

from opportunities.models import Opportunity, Quote, Stage
from revops.core.custom import values as custom
from revops.core.custom.definitions import Step, once


def closing_needs(deal: Opportunity, target: Stage) -> tuple[str, ...]:
    """Lost needs its reason. Won needs an account, and the reason when no quote was accepted."""
    if target.kind == Stage.Kind.LOST:
        return ("loss_reason",)
    if target.kind == Stage.Kind.WON:
        quoted = Quote.objects.filter(opportunity=deal, status=Quote.Status.ACCEPTED).exists()
        return ("account",) if quoted else ("account", "won_reason")
    return ()


def gaps(deal: Opportunity, target: Stage, also: Iterable[str] = ()) -> list[str]:
    """Names of the fields that the stage needs and the deal lacks, in the order in which to ask for them.

    A custom field is called "custom.<key>".
    """
    return [*own_gaps(deal, target, also), *(f"custom.{field.key}" for field in custom.gaps(deal, target.key))]


def own_gaps(deal: Opportunity, target: Stage, also: Iterable[str] = ()) -> list[str]:
    """Without the custom fields."""
    names = dict.fromkeys([*also, *target.requires])
    return [name for name in names if getattr(deal, name, None) in (None, "")]


def stage_steps(deal: Opportunity | None) -> list[Step]:
    """The stages of a deal's pipeline in order, of all pipelines for none; lost leads nowhere."""
    stages = Stage.objects.order_by("position", "pk")
    if deal is not None:
        stages = stages.filter(pipeline_id=deal.pipeline_id)
    rows: list[Stage] = once(f"stages:{deal.pipeline_id if deal else ''}", lambda: list(stages))
    found = {row.key: Step(row.key, row.label, row.kind != Stage.Kind.LOST) for row in reversed(rows)}
    return list(reversed(found.values()))


def stage_key(deal: Opportunity) -> str | None:
    """The stage at which a deal stands."""
    return deal.stage.key if deal.stage_id else None
