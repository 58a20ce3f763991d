"""The scan for what is wrong with records."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from leads.models import DataQualityIssue
from leads.selectors.quality import RULES
from revops.core import clock
from revops.core.scope import require

CHUNK = 2000


@transaction.atomic
def scan_quality(*, rule_key: str, actor: Any = None) -> tuple[int, int]:
    """One rule over every record: returns how many issues were opened and closed. Run again, it changes nothing."""
    if actor is not None:
        require(actor, "leads.scan_quality")
    rule = next(rule for rule in RULES if rule.key == rule_key)
    now, key = clock.now(), f"{rule.kind}_id"
    standing = DataQualityIssue.objects.filter(rule=rule.key, closed_at__isnull=True)
    broken = rule.broken()
    closed = standing.exclude(**{f"{key}__in": broken.values("pk")}).update(closed_at=now)
    known = standing.filter(**{key: OuterRef("pk")})
    opened = 0
    for keys in _chunks(broken.filter(~Exists(known)).order_by("pk")):
        rows = [DataQualityIssue(rule=rule.key, severity=rule.severity, found_at=now, **{key: pk}) for pk in keys]
        DataQualityIssue.objects.bulk_create(rows, ignore_conflicts=True)
        opened += len(rows)
    return opened, closed


def _chunks(rows: QuerySet[Any]) -> Iterator[list[int]]:
    found: list[int] = []
    for pk in rows.values_list("pk", flat=True).iterator(CHUNK):
        found.append(pk)
        if len(found) == CHUNK:
            yield found
            found = []
    if found:
        yield found
