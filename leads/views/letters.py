"""One mail that a person writes: the page on which it is written, its own page, and where a document went."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import refused
from accounts.views.documents import document_of
from leads.forms_mail import MailForm
from leads.models import Lead, MessageTemplate, ReceivedMessage, SentMessage
from leads.selectors.mails import (
    addresses_for,
    documents_of,
    label_of,
    mails_listed,
    papers_shown,
    pickable,
    pickable_for_all,
    sender_of,
    sent_of,
)
from leads.selectors.outreach import mails_shown, received_shown
from leads.selectors.sequences import PLACEHOLDERS, facts_about, person_of, preview, why_not_write
from leads.services import writing as services
from leads.views.sequences import MAIL_TONES
from leads.views.sequences_people import crumbs_of, seen_person
from revops.core.errors import BadRequest, DomainError, InvalidInput

SHOWN = 30


def _asked(request: HttpRequest, name: str) -> int | None:
    """A key in the address."""
    text = request.GET.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 12):
        raise BadRequest("unknown_filter", _("There is no such record."))
    return int(text) if text else None


@login_required
@permission_required("leads.add_sentmessage", raise_exception=True)
@require_http_methods(["GET", "POST"])
def write(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Write to somebody; `answers` is the mail that is answered, `template` fills the text in."""
    person = seen_person(request, kind, pk)
    answered = _answered(request)
    template = _template(request)
    addresses = addresses_for(person, answered)
    form = MailForm(
        request.POST or None,
        viewer=request.user,
        addresses=addresses,
        initial=_initial(request, person, answered, template),
    )
    form.fields["template"].widget.attrs["hx-get"] = request.path
    if request.method == "POST" and form.is_valid():
        sent = _sent(request, person, answered, form)
        if sent is not None:
            messages.success(request, _("On its way to %(to)s.") % {"to": sent.to})
            return redirect(person)
    chosen = form.cleaned_data.get("template") if form.is_bound and hasattr(form, "cleaned_data") else template
    why = why_not_write(person, facts_about([person]))
    context = {
        "form": form,
        "title": _("Answer %(name)s") % {"name": person} if answered else _("Write to %(name)s") % {"name": person},
        "nav_key": "leads" if kind == "lead" else "accounts",
        "crumbs": crumbs_of(person, _("Write")),
        "person": person,
        "answered": answered,
        "why_not": why[1] if why else "",
        "enclosed": documents_of(chosen) if chosen else [],
        "placeholders": PLACEHOLDERS.items(),
        "cancel_url": person.get_absolute_url(),
    }
    return render(request, "leads/mails/write.html", context, status=422 if form.errors else 200)


def _answered(request: HttpRequest) -> ReceivedMessage | None:
    key = _asked(request, "answers")
    return get_object_or_404(received_shown(viewer=request.user), pk=key) if key is not None else None


def _template(request: HttpRequest) -> MessageTemplate | None:
    key = _asked(request, "template")
    rows = MessageTemplate.objects.visible_to(request.user).filter(archived_at__isnull=True)
    return get_object_or_404(rows, pk=key) if key is not None else None


def _initial(
    request: HttpRequest, person: Any, answered: ReceivedMessage | None, template: MessageTemplate | None
) -> dict[str, Any]:
    if template is not None:
        words = preview(template, person, request.user)
        return {"template": template.pk, "subject": words.subject, "body": words.body}
    if answered is None:
        return {}
    subject = answered.subject
    return {"subject": subject if subject.lower().startswith("re:") else f"Re: {subject}".strip()}


def _sent(request: HttpRequest, person: Any, answered: ReceivedMessage | None, form: MailForm) -> SentMessage | None:
    """The mail once it is kept; None while something is refused, which then stands beside its field."""
    about = {"lead": person} if isinstance(person, Lead) else {"contact": person}
    try:
        return services.write_mail(actor=request.user, replies_to=answered, **about, **form.cleaned_data)
    except DomainError as error:
        if error.status != InvalidInput.status:
            raise
        refused(form, error)
        return None


@login_required
@permission_required("leads.view_sentmessage", raise_exception=True)
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One mail: what it said, what went along, what became of it."""
    mail = get_object_or_404(mails_listed(viewer=request.user), pk=pk)
    person, papers = person_of(mail), papers_shown(mail, viewer=request.user)
    open_again = mail.status in (SentMessage.Status.FAILED, SentMessage.Status.UNCONFIRMED) and _may(request, mail)
    stale = [one for one in papers if one.newer and not one.gone and one.version]
    context = {
        "title": mail.subject,
        "record_icon": "mail",
        "nav_key": "leads" if isinstance(person, Lead) else "accounts",
        "crumbs": crumbs_of(person, mail.subject),
        "mail": mail,
        "person": person,
        "writer": sender_of(mail),
        "tone": MAIL_TONES.get(mail.status, ""),  # type: ignore[call-overload]
        "papers": papers,
        "answers": received_shown(viewer=request.user).filter(answers=mail).order_by("received_at", "pk")[:SHOWN],
        "may_repeat": open_again and not stale,
        "may_renew": open_again and bool(stale),
        "stale": stale,
    }
    return render(request, "leads/mails/mail.html", context)


def _may(request: HttpRequest, mail: SentMessage) -> bool:
    if mail.enrollment_id is not None:
        return request.user.has_perm("leads.change_enrollment")
    return mail.sender_id == request.user.pk and request.user.has_perm("leads.add_sentmessage")


@login_required
@permission_required("leads.view_sentmessage", raise_exception=True)
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """A mail that failed, or of which nobody knows whether it arrived: somebody has looked."""
    mail = get_object_or_404(mails_shown(viewer=request.user), pk=pk)
    services.send_again(message=mail, actor=request.user, newer=request.POST.get("newer") == "1")
    messages.success(request, _("It is sent again."))
    return redirect(person_of(mail) if mail.enrollment_id else mail)


@login_required
@permission_required("leads.view_sentmessage", raise_exception=True)
@require_GET
def of_document(request: HttpRequest, pk: int) -> HttpResponse:
    """Where each version of a document was sent: a panel of its page, or a page of its own."""
    document = document_of(request, pk)
    rows = list(sent_of(document, viewer=request.user)[: SHOWN + 1])
    context = {
        "title": _("Where “%(title)s” was sent") % {"title": document},
        "nav_key": "documents",
        "crumbs": [
            (_("Documents"), reverse("document-list")),
            (document.title, document.get_absolute_url()),
            (_("Sent to"), ""),
        ],
        "rows": [{"row": row, "person": person_of(row.message)} for row in rows[:SHOWN]],
        "more": f"{reverse('sent-message-list')}?document={document.pk}" if len(rows) > SHOWN else "",
    }
    fragment = request.GET.get("panel") == "1"
    template = "leads/mails/document.html" if fragment else "leads/mails/document_page.html"
    return render(request, template, context)


def _text(request: HttpRequest) -> str:
    return request.GET.get("q", "").strip()[:100].replace("\x00", "")


@login_required
@permission_required("accounts.view_document", raise_exception=True)
@require_GET
def pick_version(request: HttpRequest) -> JsonResponse:
    """Documents for a type-ahead select: the version that counts of each."""
    rows = pickable(_text(request), viewer=request.user)
    return JsonResponse([{"value": row.pk, "text": label_of(row)} for row in rows], safe=False)


@login_required
@permission_required("accounts.view_document", raise_exception=True)
@require_GET
def pick_document(request: HttpRequest) -> JsonResponse:
    """Documents that may go along with a template."""
    rows = pickable_for_all(_text(request), viewer=request.user)
    return JsonResponse([{"value": row.pk, "text": row.title} for row in rows], safe=False)
