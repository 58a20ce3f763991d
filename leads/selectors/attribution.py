"""Who gets the credit for a won deal: its touches, by four models whose shares add up to the amount, to the coin."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext_lazy as _

from revops.core.money import allocate

FIRST, LAST, LINEAR, POSITION = "first", "last", "linear", "position"
LABELS: Mapping[str, object] = {
    FIRST: _("First touch"),
    LAST: _("Last touch"),
    LINEAR: _("Linear"),
    POSITION: _("By position"),
}
MODELS = tuple(LABELS)
ENDS, BETWEEN = 40, 20


def weights(count: int, model: str) -> list[Fraction]:
    """What each of `count` touches weighs, in order of time. By position: 40 % first, 40 % last, 20 % between."""
    if count <= 0:
        return []
    if model == FIRST:
        return [Fraction(1), *[Fraction(0)] * (count - 1)]
    if model == LAST:
        return [*[Fraction(0)] * (count - 1), Fraction(1)]
    if model == LINEAR or count <= 2:  # without a middle both ends share alike
        return [Fraction(1)] * count
    if model == POSITION:
        return [Fraction(ENDS), *[Fraction(BETWEEN, count - 2)] * (count - 2), Fraction(ENDS)]
    raise ValueError(f"no attribution model {model!r}")


def attribute(amount: Decimal, currency: str, touches: int, model: str) -> list[Decimal]:
    """The share of each touch. They add up to the amount to the coin; without a touch nobody has a share."""
    shares = weights(touches, model)
    return allocate(amount, shares, currency) if shares else []


def credited(amount: Decimal, currency: str, campaigns: Sequence[int | None], model: str) -> dict[int | None, Decimal]:
    """Shares by campaign: a campaign that touched twice has both. None gathers touches of no campaign."""
    found: dict[int | None, Decimal] = {}
    for campaign, share in zip(campaigns, attribute(amount, currency, len(campaigns), model), strict=True):
        found[campaign] = found.get(campaign, Decimal(0)) + share
    return found
