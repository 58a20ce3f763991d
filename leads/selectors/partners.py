"""Research partners, what they delivered, and which leads may still be contacted."""

from datetime import date
from typing import Any

from django.db.models import Count, QuerySet

from leads.models import Lead, LeadLicence, PartnerDelivery, ResearchPartner
from revops.core import clock


def partner_list(*, viewer: Any) -> QuerySet[ResearchPartner]:
    """Partners with how much they delivered."""
    return ResearchPartner.objects.visible_to(viewer).annotate(delivered=Count("deliveries"))


def deliveries_of(partner: ResearchPartner) -> QuerySet[PartnerDelivery]:
    """Of a partner whom the caller has found in sight; the rows themselves stay where they are."""
    return partner.deliveries.select_related("delivered_by").defer("rows", "rejects").order_by("-pk")


def licence_ended(lead: Lead) -> date | None:
    """The last day on which the lead might be contacted, once it is over."""
    licence = LeadLicence.objects.filter(lead=lead).select_related("delivery__partner").first()
    last = licence.delivery.partner.licence_expires_on if licence else None
    return last if last is not None and last < clock.today() else None


def barred(rows: QuerySet[Lead]) -> QuerySet[Lead]:
    """Those among the leads that may not be contacted any more: their licence has ended."""
    return rows.filter(licence__delivery__partner__licence_expires_on__lt=clock.today())
