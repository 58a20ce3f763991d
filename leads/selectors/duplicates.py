"""Who looks like this lead among leads, contacts and accounts, as far as the viewer sees; and the queue of pairs."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.keys import domain_of, email_key, lead_keys
from accounts.matching import THRESHOLD, Facts, score
from accounts.models import Account, Contact
from accounts.selectors import contact_duplicates
from accounts.selectors.duplicates import (
    NEAR,
    SHOWN,
    account_facts,
    any_of,
    candidate,
    contact_facts,
    reason_texts,
    reasons_of,
    similar,
)
from leads.models import DuplicatePair, Lead
from leads.models.duplicates import MODELS
from revops.core import clock


def lead_domain(*, email: str, website: str) -> str:
    """The company's domain: of the web site, else of the e-mail address; free mail says nothing."""
    return domain_of(website) or domain_of(email)


def lead_facts_of(lead: Any) -> Facts:
    """What is compared of a lead."""
    return Facts(
        first=lead.first_name.casefold(),
        last=lead.last_name.casefold(),
        company=lead.name_key,
        domain=lead.domain,
        email=lead.email_key,
        phone=lead.phone_key,
    )


FACTS: dict[str, Any] = {"lead": lead_facts_of, "contact": contact_facts, "account": account_facts}


def lead_duplicates(
    *, viewer: Any, email: str, website: str = "", exclude: int | None = None, lead: Lead | None = None
) -> list[dict[str, Any]]:
    """Candidates of all three kinds, those with the same address first. A whole `lead` is also looked up by its
    person's name together with phone number or company.
    """
    key, domain = email_key(email), lead_domain(email=email, website=website)
    keys = lead_keys(lead) if lead is not None else {}
    found = [*_leads(viewer, key, domain, keys, exclude), *contact_duplicates(viewer=viewer, email=email)]
    found += _accounts(viewer, domain)
    return sorted(found, key=lambda row: _("same e-mail") not in row["reasons"])


def _same(key: str, domain: str, keys: dict[str, str]) -> Q:
    same, person = any_of(email_key=key, domain=domain), keys.get("person_key", "")
    for other in ("phone_key", "name_key"):
        if person and keys.get(other):
            same |= Q(**{"person_key": person, other: keys[other]})
    return same


def _leads(viewer: Any, key: str, domain: str, keys: dict[str, str], exclude: int | None) -> list[dict[str, Any]]:
    rows = Lead.objects.visible_to(viewer).filter(_same(key, domain, keys), archived_at__isnull=True)
    return [
        candidate(
            "lead",
            row,
            _reasons(row, key, domain, keys),
            f"{row.company}, {row.get_status_display()}, {row.owner or row.queue}",
        )
        for row in rows.exclude(pk=exclude or 0).select_related("owner", "queue").order_by("pk")[:SHOWN]
    ]


def _reasons(row: Lead, key: str, domain: str, keys: dict[str, str]) -> list[str]:
    phone, person = keys.get("phone_key", ""), keys.get("person_key", "")
    return reason_texts(
        [
            *(["email"] if key and row.email_key == key else []),
            *(["domain"] if domain and row.domain == domain else []),
            *(["phone"] if phone and row.phone_key == phone else []),
            *(["person"] if person and row.person_key == person else []),
        ]
    )


def near_leads(*, viewer: Any, lead: Lead) -> list[dict[str, Any]]:
    """Leads that are alike without one equal key: names misspelled, numbers off by a digit. For a page, by trigrams."""
    rows = Lead.objects.visible_to(viewer).filter(archived_at__isnull=True).exclude(pk=lead.pk or 0)
    wanted = lead_facts_of(lead)
    found = [
        (score(wanted, lead_facts_of(row)), row)
        for row in similar(rows, f"{lead.first_name} {lead.last_name}".strip().lower())[:NEAR]
    ]
    return [
        candidate("lead", row, reason_texts(reasons_of(wanted, lead_facts_of(row))), row.company)
        for value, row in sorted(found, key=lambda pair: -pair[0])[:SHOWN]
        if value >= THRESHOLD
    ]


def _accounts(viewer: Any, domain: str) -> list[dict[str, Any]]:
    if not domain:
        return []
    rows = Account.objects.visible_to(viewer).active().filter(domain=domain).select_related("owner").order_by("pk")
    return [candidate("account", row, [_("same web domain")], str(row.owner)) for row in rows[:SHOWN]]


def hidden_twins(*, viewer: Any, leads: Sequence[Lead]) -> list[Any]:
    """Leads and contacts with the address of one of these that the viewer does not see."""
    keys = {lead.email_key for lead in leads} - {""}
    if not keys:
        return []
    found: list[Any] = []
    for model, joins in ((Lead, ("owner", "queue__owner")), (Contact, ("owner",))):
        manager: Any = model._default_manager
        rows = manager.filter(email_key__in=keys, archived_at__isnull=True)
        seen = manager.visible_to(viewer).filter(email_key__in=keys).values("pk")
        rows = rows.exclude(pk__in=seen).exclude(pk__in=[lead.pk for lead in leads] if model is Lead else [])
        found += rows.select_related(*joins).order_by("pk")[:NEAR]
    return found


# The queue --------------------------------------------------------------------------------


def pair_list(*, viewer: Any) -> QuerySet[DuplicatePair]:
    """Pairs that the viewer sees whole, decided or not."""
    return DuplicatePair.objects.visible_to(viewer).select_related("decided_by")


def waiting_pairs(*, viewer: Any) -> QuerySet[DuplicatePair]:
    """What is to decide today, most alike first."""
    rows = pair_list(viewer=viewer).filter(state=DuplicatePair.State.WAITING)
    return rows.filter(Q(later_until__isnull=True) | Q(later_until__lte=clock.today())).order_by("-score", "-pk")


def both_of(pairs: list[DuplicatePair]) -> dict[tuple[str, int], Any]:
    """The records of these pairs by (kind, key), a query a kind."""
    found: dict[tuple[str, int], Any] = {}
    for kind, model in MODELS.items():
        keys = {key for pair in pairs if pair.kind == kind for key in (pair.low_id, pair.high_id)}
        joins = ("owner", "queue") if kind == "lead" else ("owner", "account") if kind == "contact" else ("owner",)
        if keys:
            found |= {(kind, row.pk): row for row in model._base_manager.filter(pk__in=keys).select_related(*joins)}
    return found


def dismissed_with(record: Any) -> set[int]:
    """Keys of the records of its kind that somebody said are not the same."""
    kind = record._meta.model_name
    mine = DuplicatePair.objects.filter(Q(low_id=record.pk) | Q(high_id=record.pk), kind=kind)
    rows = mine.filter(state=DuplicatePair.State.DISMISSED).values_list("low_id", "high_id")
    return {key for pair in rows for key in pair} - {record.pk}
