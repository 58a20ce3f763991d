"""Who shares the credit of a deal."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from opportunities.models import Opportunity, OpportunitySplit
from opportunities.services import _credit
from opportunities.services._kept import lock_kept
from revops.core import audit
from revops.core.errors import IllegalState, InvalidInput
from revops.core.scope import require
from revops.users.models import User

REVENUE, OVERLAY = OpportunitySplit.Kind.REVENUE, OpportunitySplit.Kind.OVERLAY
FINEST = Decimal("0.0001")


@transaction.atomic
def set_splits(
    *, opportunity: Opportunity, splits: Sequence[Mapping[str, Any]], version: int | None, actor: User
) -> Opportunity:
    """Replace the credit split: [{"user": …, "percent": …, "kind": "revenue"}]. Revenue adds up to exactly 100 %."""
    require(actor, "opportunities.change_opportunity")
    opportunity = lock_kept(opportunity, version)
    if opportunity.status != Opportunity.Status.OPEN:
        raise IllegalState("closed", _("This deal is closed: its credit stands on its order."))
    rows = [_row(opportunity, number, split) for number, split in enumerate(splits)]
    _check_sum(rows)
    before = _shown(opportunity.splits.select_related("user").order_by("kind", "pk"))
    after = _shown(rows)
    if before == after:
        return opportunity
    opportunity.splits.all().delete()
    OpportunitySplit.objects.bulk_create(rows)
    _credit.spread(opportunity)
    opportunity.version += 1
    opportunity.save(update_fields=["version", "updated_at"])
    audit.record("opportunity.splits_set", opportunity, actor=actor, changed={"splits": (before, after)})
    return opportunity


def _row(opportunity: Opportunity, number: int, split: Mapping[str, Any]) -> OpportunitySplit:
    user, kind = split.get("user"), split.get("kind", REVENUE)
    percent = Decimal(split.get("percent") or 0)
    if not isinstance(user, User):
        raise InvalidInput.of(**{f"splits.{number}.user": _("Choose a person.")})
    if kind not in (REVENUE, OVERLAY):
        raise InvalidInput.of(**{f"splits.{number}.kind": _("A split is revenue or overlay.")})
    if not percent.is_finite() or percent < 0 or percent > 100 or (kind == REVENUE and percent == 0):
        raise InvalidInput.of(**{f"splits.{number}.percent": _("A share is more than 0 and at most 100 %.")})
    if percent != percent.quantize(FINEST):
        raise InvalidInput.of(**{f"splits.{number}.percent": _("A share has at most four decimals.")})
    return OpportunitySplit(opportunity=opportunity, user=user, kind=kind, percent=percent)


def _check_sum(rows: Sequence[OpportunitySplit]) -> None:
    who = [(row.user_id, row.kind) for row in rows]
    if len(who) != len(set(who)):
        raise InvalidInput.of(splits=_("Each person stands in a split once."))
    total = sum((row.percent for row in rows if row.kind == REVENUE), Decimal(0))
    if total != 100:
        raise InvalidInput.of(
            splits=_("Revenue shares add up to %(total)s %%, not to 100 %%.") % {"total": f"{total.normalize():f}"}
        )


def _shown(rows: Any) -> list[list[str]]:
    return [[str(row.user), str(row.kind), f"{Decimal(row.percent).normalize():f}"] for row in rows]
