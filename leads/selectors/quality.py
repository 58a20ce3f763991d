"""Rules of data quality: each is the set of records that break it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.models import Account, Contact
from leads.models import DataQualityIssue, Lead
from revops.core import clock

Severity = DataQualityIssue.Severity
STALE_AFTER = timedelta(days=30)
# Fewer than seven digits are no number that anybody can call, and letters are none at all.
NO_PHONE = Q(phone__regex=r"[[:alpha:]]{3,}") | ~Q(phone__regex=r"([0-9].*){7}")


@dataclass(frozen=True)
class Rule:
    """`broken()` are the records that break it; `field` is where the link of the record points."""

    key: str
    label: StrOrPromise
    severity: str
    kind: str  # lead, account or contact
    broken: Callable[[], QuerySet[Any]]


def _leads() -> QuerySet[Lead]:
    return Lead.objects.open().filter(archived_at__isnull=True)


def _stale() -> QuerySet[Lead]:
    since = clock.now() - STALE_AFTER
    recent = Q(lead_activities__activity__created_at__gte=since)
    touched = Lead.objects.filter(recent).values("pk")
    return _leads().filter(status=Lead.Status.WORKING, updated_at__lt=since).exclude(pk__in=touched)


RULES: tuple[Rule, ...] = (
    Rule("lead_no_address", _("No e-mail address and no phone number"), Severity.HIGH, "lead",
         lambda: _leads().filter(email="", phone="")),
    Rule("lead_no_email", _("No e-mail address"), Severity.MEDIUM, "lead",
         lambda: _leads().filter(email="").exclude(phone="")),
    Rule("lead_bad_phone", _("A phone number that cannot be one"), Severity.MEDIUM, "lead",
         lambda: _leads().exclude(phone="").filter(NO_PHONE)),
    Rule("lead_no_country", _("No country"), Severity.LOW, "lead", lambda: _leads().filter(country="")),
    Rule("lead_no_industry", _("No industry"), Severity.LOW, "lead", lambda: _leads().filter(industry="")),
    Rule("lead_stale", _("In work, and untouched for 30 days"), Severity.MEDIUM, "lead", _stale),
    Rule("lead_owner_no_email", _("Its owner has no e-mail address"), Severity.HIGH, "lead",
         lambda: _leads().filter(owner__email="")),
    Rule("account_no_country", _("No country"), Severity.LOW, "account",
         lambda: Account.objects.active().filter(country="")),
    Rule("account_bad_phone", _("A phone number that cannot be one"), Severity.MEDIUM, "account",
         lambda: Account.objects.active().exclude(phone="").filter(NO_PHONE)),
    Rule("contact_no_address", _("No e-mail address and no phone number"), Severity.HIGH, "contact",
         lambda: Contact.objects.active().filter(email="", phone="")),
    Rule("contact_bad_phone", _("A phone number that cannot be one"), Severity.MEDIUM, "contact",
         lambda: Contact.objects.active().exclude(phone="").filter(NO_PHONE)),
)  # fmt: skip
BY_KEY = {rule.key: rule for rule in RULES}


def still_broken() -> Q:
    """Issues whose record breaks the rule to this minute: a mended one is none any more, whenever the scan runs."""
    found = Q(pk__in=[])
    for rule in RULES:
        found |= Q(rule=rule.key, **{f"{rule.kind}__in": rule.broken().values("pk")})
    return found


def issue_list(*, viewer: Any) -> QuerySet[DataQualityIssue]:
    """Open issues of records in sight."""
    rows = DataQualityIssue.objects.visible_to(viewer).filter(closed_at__isnull=True).filter(still_broken())
    return rows.select_related("lead", "account", "contact__account")


def counts(rows: QuerySet[DataQualityIssue]) -> list[tuple[Rule, int]]:
    """How many issues each rule has, those that have any."""
    found = dict(rows.order_by().values_list("rule").annotate(n=Count("pk")))
    return [(rule, found[rule.key]) for rule in RULES if rule.key in found]
