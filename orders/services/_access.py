"""Input that several services read in the same way."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from revops.core.errors import InvalidInput
from revops.core.money import money


def decimal_of(value: Any) -> Decimal | None:
    """A finite Decimal, or None."""
    try:
        number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        return None
    return number if number.is_finite() else None


def amount_of(value: Any, currency: str, field: str = "amount") -> Decimal:
    """A positive amount in whole coins. Raises InvalidInput beside `field`."""
    amount = decimal_of(value)
    if amount is None or amount <= 0 or amount >= Decimal(10) ** 15:
        raise InvalidInput.of(**{field: _("An amount of more than 0.")})
    if amount != money(amount, currency):
        raise InvalidInput.of(**{field: _("%(code)s has no smaller coin than that.") % {"code": currency}})
    return amount
