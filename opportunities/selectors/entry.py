"""Entry criteria: what a deal still lacks to enter a stage."""

from collections.abc import Iterable

from opportunities.models import Opportunity, Quote, Stage


def closing_needs(deal: Opportunity, target: Stage) -> tuple[str, ...]:
    """Lost needs its reason. Won needs an account, and the reason when no quote was accepted."""
    if target.kind == Stage.Kind.LOST:
        return ("loss_reason",)
    if target.kind == Stage.Kind.WON:
        quoted = Quote.objects.filter(opportunity=deal, status=Quote.Status.ACCEPTED).exists()
        return ("account",) if quoted else ("account", "won_reason")
    return ()


def gaps(deal: Opportunity, target: Stage, also: Iterable[str] = ()) -> list[str]:
    """Names of the fields that the stage needs and the deal lacks, in the order in which to ask for them."""
    names = dict.fromkeys([*also, *target.requires])
    return [name for name in names if getattr(deal, name, None) in (None, "")]
