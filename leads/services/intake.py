"""Public forms: set up by us, sent by anybody. A post never tells what we know already."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import connection, transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.keys import domain_of, email_key
from accounts.models import Contact
from accounts.validation import refuse_invalid, refuse_unknown, tidy
from leads.events import FormReceived
from leads.models import ConsentRecord, IntakeForm, Lead, TouchPoint
from leads.selectors.campaigns import campaign_of
from leads.services.campaigns import note_touch
from leads.services.leads import create_lead
from revops.core import audit, clock, outbox
from revops.core.errors import DomainError, FieldError, InvalidInput
from revops.core.scope import require
from revops.core.status import edit, lock
from revops.users.services import notify

FIELDS = (
    *("name", "key", "is_active", "headline", "intro", "button", "thanks", "asks_company", "asks_phone"),
    *("asks_message", "consent_text", "source", "campaign", "allowed_sites", "hourly_limit"),
)
TRACES = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "landing", "referrer")
HOUR = timedelta(hours=1)
_LOCK = 7_201_045  # posts of one address wait for each other


class TooManyPosts(DomainError):
    """More than a form takes in an hour."""

    status = 429
    title = gettext_lazy("Too many at once")


@transaction.atomic
def create_form(*, actor: Any, name: str, key: str, **fields: Any) -> IntakeForm:
    """A public form; its address is its key."""
    if actor is not None:
        require(actor, "leads.add_intakeform")
    refuse_unknown(fields, FIELDS)
    form = IntakeForm(**tidy({"name": name, "key": key, "headline": name, **fields}))
    _check(form)
    form.save(force_insert=True)
    audit.record("intakeform.created", form, actor=actor)
    return form


@transaction.atomic
def update_form(*, form: IntakeForm, version: int | None, actor: Any, **changes: Any) -> IntakeForm:
    """Change what a form asks, says, and where it may stand. Consents that were given keep their words."""
    require(actor, "leads.change_intakeform")
    refuse_unknown(changes, FIELDS)
    form = lock(form, version)
    wanted = tidy(changes)
    trial = IntakeForm(pk=form.pk, **{name: wanted.get(name, getattr(form, name)) for name in FIELDS})
    _check(trial)
    wanted = {name: getattr(trial, name) for name in wanted}
    changed = edit(form, wanted)
    if changed:
        audit.record("intakeform.changed", form, actor=actor, changed=changed)
    return form


def _check(form: IntakeForm) -> None:
    form.allowed_sites = [_site(text) for text in form.allowed_sites if text.strip()]
    refuse_invalid(form, FIELDS)
    if not form.consent_text:
        raise InvalidInput.of(consent_text=_("Say what they agree to."))
    if form.hourly_limit < 1:
        raise InvalidInput.of(hourly_limit=_("At least one an hour."))
    if IntakeForm.objects.filter(key=form.key).exclude(pk=form.pk).exists():
        raise InvalidInput.of(key=_("Another form has this key."))


def _site(text: str) -> str:
    """A site as the browser compares it: scheme, host, port, and nothing that could open more than that."""
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    plain = host.isascii() and host.replace("-", "").replace(".", "").isalnum()
    if parts.scheme not in ("https", "http") or not plain or parts.path.strip("/") or parts.query or parts.username:
        raise InvalidInput.of(
            allowed_sites=_("Write a site as https://www.example.com: “%(text)s”.") % {"text": text[:80]}
        )
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}"


# What comes in -------------------------------------------------------------------------------


@transaction.atomic
def receive_form(
    *,
    form: IntakeForm,
    name: str,
    email: str,
    consent: bool,
    company: str = "",
    phone: str = "",
    message: str = "",
    address: str | None = None,
    traces: Mapping[str, str] | None = None,
    actor: Any = None,
) -> TouchPoint:
    """A new lead, or one more touch of a person whom we know by this address. Either way: touch, consent, member."""
    facts = tidy({"name": name, "email": email, "company": company, "phone": phone, "message": message})
    _refuse(form, facts, consent)
    _one_at_a_time(facts["email"])
    _refuse_flood(form)
    lead, contact = _who(facts["email"])
    known = lead is not None or contact is not None
    if lead is None and contact is None:
        lead = _new_lead(form, facts)
    kept: dict[str, Any] = {key: str(value)[: _longest(key)] for key, value in (traces or {}).items() if key in TRACES}
    campaign = campaign_of(kept.get("utm_campaign", "")) or form.campaign
    touch = note_touch(
        actor=None,
        campaign=campaign,
        lead=lead,
        contact=contact,
        kind=TouchPoint.Kind.FORM,
        responded=True,
        note=facts["message"],
        **kept,
    )
    ConsentRecord.objects.create(
        form=form,
        lead=touch.lead,  # who stands for them by now, if they were merged away in this moment
        contact=touch.contact,
        touch=touch,
        email=facts["email"],
        text=form.consent_text,
        given_at=touch.at,
        address=address,
    )
    about: Any = touch.lead or touch.contact
    audit.record("intake.received", about, actor=actor, form=form, touch=touch.pk)
    if known:
        _tell_owner(form, touch, about)
    outbox.publish(FormReceived(form_id=form.pk, touch_id=touch.pk, lead_id=touch.lead_id))
    return touch


def _refuse(form: IntakeForm, facts: dict[str, str], consent: bool) -> None:
    wrong: list[FieldError] = []
    limits = {"name": 120, "email": 254, "company": 200, "phone": 40, "message": 4000}
    for field, longest in limits.items():
        text = facts[field]
        if "\x00" in text or len(text) > longest:
            wrong.append(FieldError(field, "invalid", _("This is too long, or holds what cannot be stored.")))
    if not facts["name"]:
        wrong.append(FieldError("name", "required", _("Tell us your name.")))
    if not email_key(facts["email"]):
        wrong.append(_without_email(facts["email"]))
    if not consent:
        wrong.append(FieldError("consent", "required", _("We may write to you only if you agree.")))
    if not form.is_active:
        wrong = [FieldError("form", "closed", _("This form is closed."))]
    if wrong:
        raise InvalidInput("invalid", wrong[0].detail, errors=wrong)


def _without_email(said: str) -> FieldError:
    if not said:
        return FieldError("email", "required", _("Tell us your e-mail address."))
    return FieldError("email", "invalid", _("This is no e-mail address: check the part after the @."))


def _one_at_a_time(email: str) -> None:
    """Two posts of one address in the same second make one lead."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, email_key(email)])


def _refuse_flood(form: IntakeForm) -> None:
    recent = form.consents.filter(given_at__gt=clock.now() - HOUR)
    if recent[: form.hourly_limit].count() >= form.hourly_limit:
        raise TooManyPosts("too_many", _("This form is very busy. Try again in an hour."))


def _who(email: str) -> tuple[Lead | None, Contact | None]:
    """Whom we know by this address: an open lead first, then a contact, then a lead that was closed."""
    key = email_key(email)
    leads = Lead.objects.filter(email_key=key, archived_at=None, merged_into=None).order_by("-pk")
    lead = leads.filter(status__in=Lead.OPEN).first()
    if lead is None:
        contact = Contact.objects.active().filter(email_key=key, merged_into=None).order_by("pk").first()
        if contact is not None:
            return None, contact
        lead = leads.first() or _winner(key)
    return lead, None


def _winner(key: str) -> Lead | None:
    """The lead into which one with this address was merged."""
    return Lead.objects.filter(aliases__email_key=key).order_by("-pk").first()


def _new_lead(form: IntakeForm, facts: dict[str, str]) -> Lead:
    first, _blank, last = facts["name"].rpartition(" ")
    return create_lead(
        actor=None,
        route=True,
        first_name=first[:80],
        last_name=last[:80],
        company=(facts["company"] or domain_of(facts["email"]) or facts["name"])[:200],
        email=facts["email"],
        phone=facts["phone"],
        source=form.source,
    )


def _longest(name: str) -> int:
    return int(TouchPoint._meta.get_field(name).max_length or 0)  # type: ignore[union-attr]


def _tell_owner(form: IntakeForm, touch: TouchPoint, about: Any) -> None:
    """Who looks after a person hears that the person wrote again."""
    owner = about.owner or (about.queue.owner if isinstance(about, Lead) and about.queue else None)
    if owner is not None and owner.is_active:
        notify(
            to=owner,
            kind="intake.received",
            title=format_lazy(gettext_lazy("{name} sent the form {form}"), name=str(about), form=form.name),
            body=touch.note[:200],
            url=about.get_absolute_url(),
            key=f"intake.received:{touch.pk}",
            about=about,
        )
