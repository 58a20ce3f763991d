"""Promotion partners and their registrations, as lists, pages and the partner's own view show them."""

from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from leads.models import DealRegistration, Lead, PartnerContact, PromotionPartner
from revops.core.templatetags.frame import day

Status = DealRegistration.Status
PROTECTED = "protected_until="  # how a registration says that an earlier claim stands, for programs


def partner_list(*, viewer: Any) -> QuerySet[PromotionPartner]:
    """Partners with how many deals they registered and how many of them became one."""
    rows = PromotionPartner.objects.visible_to(viewer).select_related("owner")
    return rows.annotate(
        registered=Count("registrations", distinct=True),
        approved=Count("registrations", filter=Q(registrations__status=Status.APPROVED), distinct=True),
        converted=Count("registrations", filter=Q(registrations__status=Status.CONVERTED), distinct=True),
    )


def registration_list(*, viewer: Any) -> QuerySet[DealRegistration]:
    """Registrations with partner and lead."""
    rows = DealRegistration.objects.visible_to(viewer)
    return rows.select_related("partner", "lead__owner", "lead__queue", "account", "submitted_by", "decided_by")


def reason_words(row: DealRegistration) -> str:
    """Why it was rejected, as people read it."""
    if not row.reason.startswith(PROTECTED):
        return row.reason
    until = date.fromisoformat(row.reason.removeprefix(PROTECTED))
    return _("An earlier registration protects this company until %(day)s.") % {"day": day(until)}


def blocker_of(row: DealRegistration) -> DealRegistration | None:
    """The claim that keeps this one away: the same company by name or web domain, its days not over."""
    same = Q(name_key=row.name_key) | (Q(domain=row.domain) if row.domain else Q(pk__in=[]))
    others = DealRegistration.objects.protecting().filter(
        same, protected_from__lte=row.protected_until, protected_until__gte=row.protected_from
    )
    return others.order_by("-protected_until", "pk").first()


def partner_lead_ids(user: Any) -> QuerySet[Any, Any]:
    """Ids of the leads that came of a partner's registrations: what somebody of that partner sees."""
    if not getattr(user, "is_portal", False):
        return DealRegistration.objects.none().values("lead_id")
    mine = DealRegistration.objects.visible_to(user).filter(lead__isnull=False)
    return mine.values("lead_id")


def contact_of(user: Any) -> PartnerContact | None:
    """Who somebody is at their partner; None for everybody else."""
    if not getattr(user, "is_portal", False):
        return None
    found = PartnerContact.objects.filter(user=user, partner__is_active=True)
    return found.select_related("partner").first()


def is_partner(user: Any) -> bool:
    """Whether the partner's view opens for this person."""
    return contact_of(user) is not None


def partner_leads(*, viewer: Any) -> QuerySet[Lead]:
    """A partner's own leads, with the registration each came of."""
    return Lead.objects.visible_to(viewer).filter(registration__isnull=False).select_related("registration", "owner")
