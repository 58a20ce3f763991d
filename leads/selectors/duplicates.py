"""Who looks like this lead: leads, contacts, accounts with its e-mail address or domain, as far as the viewer sees."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.keys import domain_of, email_key
from accounts.models import Account
from accounts.selectors import contact_duplicates
from accounts.selectors.duplicates import SHOWN, candidate
from leads.models import Lead


def lead_domain(*, email: str, website: str) -> str:
    """The company's domain: of the web site, else of the e-mail address; free mail says nothing."""
    return domain_of(website) or domain_of(email)


def lead_duplicates(*, viewer: Any, email: str, website: str = "", exclude: int | None = None) -> list[dict[str, Any]]:
    """Candidates of all three kinds, those with the same address first."""
    key, domain = email_key(email), lead_domain(email=email, website=website)
    found = [*_leads(viewer, key, domain, exclude), *contact_duplicates(viewer=viewer, email=email)]
    found += _accounts(viewer, domain)
    return sorted(found, key=lambda row: _("same e-mail") not in row["reasons"])


def _leads(viewer: Any, key: str, domain: str, exclude: int | None) -> list[dict[str, Any]]:
    same = (Q(email_key=key) if key else Q(pk__in=[])) | (Q(domain=domain) if domain else Q(pk__in=[]))
    rows = Lead.objects.visible_to(viewer).filter(same, archived_at__isnull=True).exclude(pk=exclude or 0)
    return [
        candidate(
            "lead",
            row,
            [
                *([_("same e-mail")] if key and row.email_key == key else []),
                *([_("same web domain")] if domain and row.domain == domain else []),
            ],
            f"{row.company}, {row.get_status_display()}, {row.owner or row.queue}",
        )
        for row in rows.select_related("owner", "queue").order_by("pk")[:SHOWN]
    ]


def _accounts(viewer: Any, domain: str) -> list[dict[str, Any]]:
    if not domain:
        return []
    rows = Account.objects.visible_to(viewer).active().filter(domain=domain).select_related("owner").order_by("pk")
    return [candidate("account", row, [_("same web domain")], str(row.owner)) for row in rows[:SHOWN]]
