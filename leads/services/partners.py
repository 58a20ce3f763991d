"""Deliveries of research partners: a file becomes leads once, known companies are matched, no row is lost."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.keys import domain_of, email_key, name_key
from accounts.models import Account, Contact
from leads.events import DeliveryFinished, DeliveryReceived
from leads.models import Lead, LeadLicence, MarketingCost, PartnerDelivery, ResearchPartner
from leads.models.partners import SOURCE
from leads.services.costs import record_cost
from leads.services.leads import create_lead
from revops.core import audit, clock, jobs, outbox
from revops.core.errors import DomainError, IllegalState, InvalidInput
from revops.core.models import JobRun
from revops.core.money import money
from revops.core.scope import require
from revops.core.status import lock
from revops.integrations import reading

KIND = "leads.import_partner_delivery"
CHUNK = 100
MOST_ROWS = 20_000
MOST_REJECTS = 500
# Our field: how partners head its column.
HEADS: dict[str, tuple[str, ...]] = {
    "company": ("company", "company name", "name", "firm", "organisation", "organization", "account"),
    "first_name": ("first name", "given name", "firstname"),
    "last_name": ("last name", "family name", "surname", "lastname", "contact"),
    "title": ("title", "job title", "position"),
    "email": ("email", "e-mail", "mail", "email address"),
    "phone": ("phone", "telephone", "tel", "phone number"),
    "website": ("website", "web site", "web", "url", "domain"),
    "industry": ("industry", "sector", "branch"),
    "employees": ("employees", "headcount", "staff"),
    "country": ("country",),
    "region": ("region", "state", "territory"),
    "next_step": ("note", "notes", "remark", "in the market for"),
}
NOBODY_NAMED = "–"


@dataclass(frozen=True)
class _Keys:
    """What makes a company the same."""

    email: str
    domain: str
    name: str


@transaction.atomic
def receive_delivery(*, partner: ResearchPartner, upload: Any, actor: Any) -> tuple[PartnerDelivery, bool]:
    """Take a partner's file in and have a worker make leads of it. The same file again is the delivery that it was.

    The second value says whether it is new.
    """
    require(actor, "leads.change_researchpartner")
    partner = lock(partner)
    if not partner.is_active:
        raise IllegalState("partner_inactive", _("Nothing is taken from this partner any more."))
    if partner.licence_expires_on is not None and partner.licence_expires_on < clock.today():
        raise IllegalState("licence_expired", _("The licence of this partner has ended: renew it first."))
    reading.refuse_size(upload.size)
    upload.seek(0)
    digest = hashlib.sha256(upload.read()).hexdigest()
    known = PartnerDelivery.objects.filter(partner=partner, file_hash=digest).first()
    if known is not None:
        return known, False
    rows = _rows(upload)
    delivery = PartnerDelivery.objects.create(
        partner=partner,
        file_name=PurePath(upload.name or "file.csv").name.replace("\x00", "")[:200],
        file_hash=digest,
        rows=rows,
        rows_total=len(rows),
        currency=partner.currency,
        delivered_by=actor,
    )
    title = _("Delivery of %(partner)s") % {"partner": partner}
    delivery.job = jobs.start(kind=KIND, actor=actor, total=len(rows), params={"delivery": delivery.pk, "title": title})
    delivery.save(update_fields=["job", "updated_at"])
    audit.record("delivery.received", partner, actor=actor, file=delivery.file_name, rows=len(rows))
    outbox.publish(DeliveryReceived(delivery_id=delivery.pk, partner_id=partner.pk, rows=len(rows)))
    return delivery, True


def _rows(upload: Any) -> list[dict[str, str]]:
    upload.seek(0)
    raw = upload.file
    encoding = reading.detect_encoding(raw)
    lines = reading.read_rows(raw, encoding, reading.detect_delimiter(raw, encoding))
    head = next(lines, (0, []))[1]
    columns = {name: _column(head, heads) for name, heads in HEADS.items()}
    if columns["company"] is None:
        raise InvalidInput.of(file=_("There is no column of company names: call it “company”."))
    found = [
        {name: cells[at].strip() for name, at in columns.items() if at is not None and at < len(cells)}
        for _number, cells in lines
    ]
    if not found:
        raise InvalidInput.of(file=_("This file has no rows below its head."))
    if len(found) > MOST_ROWS:
        raise InvalidInput.of(file=_("A delivery has at most %(most)s rows: split it.") % {"most": f"{MOST_ROWS:,}"})
    return found


def _column(head: Sequence[str], names: Sequence[str]) -> int | None:
    plain = [" ".join(cell.replace("_", " ").casefold().split()) for cell in head]
    return next((plain.index(name) for name in names if name in plain), None)


@transaction.atomic
def step_delivery(*, job: JobRun) -> bool:
    """One chunk of rows: each is a new lead, a company that we know, or refused with its reason."""
    delivery = PartnerDelivery.objects.select_for_update().get(pk=job.params["delivery"])
    at = job.cursor.get("row", 0)
    chunk = delivery.rows[at : at + CHUNK]
    known = _known([_keys(row) for row in chunk])
    for number, row in enumerate(chunk, start=at + 2):  # as a spreadsheet counts, below the head
        _take(delivery, number, row, known)
    delivery.save(update_fields=["rows_created", "rows_matched", "rows_rejected", "rejects", "updated_at"])
    job.cursor = {"row": at + len(chunk)}
    job.done += len(chunk)
    job.counts = {
        "created": delivery.rows_created,
        "matched": delivery.rows_matched,
        "rejected": delivery.rows_rejected,
    }
    return at + CHUNK < len(delivery.rows)


def _keys(row: Mapping[str, str]) -> _Keys:
    email, website = row.get("email", ""), row.get("website", "")
    return _Keys(email_key(email), domain_of(website) or domain_of(email), name_key(row.get("company", "")))


def _known(wanted: Sequence[_Keys]) -> set[tuple[str, str]]:
    """Which of these addresses, domains and names some lead, contact or account has, whoever's it is."""
    emails, domains = {keys.email for keys in wanted} - {""}, {keys.domain for keys in wanted} - {""}
    names = {keys.name for keys in wanted} - {""}
    leads = Lead.objects.filter(archived_at__isnull=True)
    accounts = Account.objects.active()
    contacts = Contact.objects.active().filter(email_key__in=emails)
    found = {("email", key) for key in leads.filter(email_key__in=emails).values_list("email_key", flat=True)}
    found |= {("email", key) for key in contacts.values_list("email_key", flat=True)}
    for rows in (leads, accounts):
        found |= {("domain", key) for key in rows.filter(domain__in=domains).values_list("domain", flat=True)}
        found |= {("name", key) for key in rows.filter(name_key__in=names).values_list("name_key", flat=True)}
    return found


def _take(delivery: PartnerDelivery, number: int, row: dict[str, str], known: set[tuple[str, str]]) -> None:
    keys = _keys(row)
    own = {(kind, key) for kind, key in (("email", keys.email), ("domain", keys.domain), ("name", keys.name)) if key}
    if own & known:
        delivery.rows_matched += 1
        return
    try:
        with transaction.atomic():
            _make(delivery, row)
    except DomainError as error:
        delivery.rows_rejected += 1
        if len(delivery.rejects) < MOST_REJECTS:
            delivery.rejects.append({"row": number, "company": row.get("company", "")[:200], "why": error.message})
        return
    delivery.rows_created += 1
    known |= own


def _make(delivery: PartnerDelivery, row: dict[str, str]) -> None:
    facts: dict[str, Any] = {name: value for name, value in row.items() if value}
    if not facts.get("company"):
        raise InvalidInput.of(company=_("No company is named."))
    heads = facts.pop("employees", "").replace(",", "").replace(".", "")
    if heads:
        if not heads.isascii() or not heads.isdigit() or len(heads) > 9:
            raise InvalidInput.of(employees=_("The number of employees is no number."))
        facts["employees"] = int(heads)
    facts.setdefault("last_name", NOBODY_NAMED)
    lead = create_lead(actor=None, route=True, source=SOURCE, **facts)
    LeadLicence.objects.create(lead=lead, delivery=delivery)


@transaction.atomic
def finish_delivery(*, job: JobRun) -> None:
    """Every row has its end: what the delivery costs goes into the pool of marketing costs, once."""
    delivery = PartnerDelivery.objects.select_for_update().select_related("partner").get(pk=job.params["delivery"])
    if delivery.finished_at is not None:
        return
    partner = delivery.partner
    delivery.cost = money(partner.cost_per_record * delivery.rows_total, partner.currency)
    delivery.currency = partner.currency
    if delivery.cost:
        delivery.marketing_cost = record_cost(
            actor=None,
            kind=MarketingCost.Kind.RESEARCH,
            source=f"{partner}, {delivery.file_name}"[:200],
            amount=delivery.cost,
            currency=partner.currency,
            on=clock.today(),
        )
    delivery.rows, delivery.finished_at = [], clock.now()
    delivery.save()
    audit.record("delivery.finished", partner, actor=job.created_by, file=delivery.file_name, **job.counts)
    told = DeliveryFinished(delivery_id=delivery.pk, partner_id=partner.pk, created=delivery.rows_created)
    outbox.publish(told)
    job.result = {"url": partner.get_absolute_url()}
