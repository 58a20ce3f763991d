"""Asks providers about leads: claims, asks, settles. No transaction is open while a question is under way.

A provider is of a kind, and a kind is a function from question to answer: `kinds` is where another one is added.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from leads import services
from leads.models import EnrichmentRun
from leads.services.enrichment import CLAIMED, Asked, Found
from revops.core import clock
from revops.core.registries import Registry
from revops.integrations.fetching import fetch

RUN_SECONDS = 40
FACTS = (
    "revenue",
    "currency",
    "employees",
    "credit_rating",
    "as_of",
    "industry",
    "country",
    "region",
    "website",
    "phone",
    "technologies",
    "triggers",
)


@dataclass(frozen=True)
class ProviderKind:
    """How providers of this kind are asked. `look_up` never raises."""

    key: str
    look_up: Callable[[Asked], Found]


kinds: Registry[ProviderKind] = Registry("enrichment provider kinds")


def look_up_http(asked: Asked) -> Found:
    """GET its address; the answer is a JSON object. 404 says that it knows nothing, which is an answer."""
    answer = fetch(asked.url, headers=asked.headers, seconds=asked.seconds)
    if answer.error:
        return Found(error=answer.error)
    if answer.status == 404:
        return Found()
    if answer.status != 200:
        return Found(
            error=_("It answered %(status)s.") % {"status": answer.status}, retry_after=min(answer.retry_after, 3600)
        )
    try:
        body = json.loads(answer.text, parse_float=str)
    except (ValueError, RecursionError):
        return Found(error=_("Its answer is no JSON."))
    if not isinstance(body, dict):
        return Found(error=_("Its answer is no JSON object."))
    return Found(
        facts={name: value for name in FACTS if (value := _at(body, asked.mapping.get(name, name))) is not None}
    )


def _at(body: Mapping[str, Any], path: str) -> Any:
    found: Any = body
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


kinds.register(ProviderKind("http", look_up_http))


def enrich(run_id: int) -> bool:
    """One question, if it is its turn; says whether it was asked."""
    asked = services.claim_enrichment(run_id=run_id)
    if asked is None:
        return False
    kind = kinds.get(asked.kind)
    found = kind.look_up(asked) if kind else Found(error=_("There is no such kind of provider."))
    services.settle_enrichment(run_id=run_id, found=found)
    return True


def enrich_due(seconds: float = RUN_SECONDS) -> int:
    """Questions whose time has come, and those whose worker is gone; returns how many were asked."""
    end, asked = time.perf_counter() + seconds, 0
    now = clock.now()
    due = EnrichmentRun.objects.waiting().filter(next_try_at__lte=now)
    lost = EnrichmentRun.objects.filter(status=EnrichmentRun.Status.RUNNING, claimed_at__lt=now - CLAIMED)
    for run_id in list((due | lost).order_by("next_try_at").values_list("pk", flat=True)[:500]):
        if time.perf_counter() > end:
            break
        asked += enrich(run_id)
    return asked
