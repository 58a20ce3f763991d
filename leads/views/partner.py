"""The partner's own view: their leads, their registrations, and nothing else. Anybody else finds no such page."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import refused
from leads import services
from leads.forms_campaigns import RegistrationForm
from leads.models import PartnerContact
from leads.selectors.promotion import contact_of, partner_leads, reason_words, registration_list
from leads.views.promotion import TONES
from revops.core.errors import DomainError

SHOWN = 100


def me_of(request: HttpRequest) -> PartnerContact:
    """Who is signed in, at which partner; 404 for everybody who is at none."""
    me = contact_of(request.user)
    if me is None:
        raise Http404
    return me


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Registrations and leads of one's own partner."""
    me = me_of(request)
    rows = list(registration_list(viewer=request.user)[: SHOWN + 1])
    context = {
        "title": _("Your registrations"),
        "me": me,
        "rows": [(row, TONES[row.Status(row.status)], reason_words(row)) for row in rows[:SHOWN]],
        "more": len(rows) > SHOWN,
        "leads": list(partner_leads(viewer=request.user).order_by("-pk")[:SHOWN]),
    }
    return render(request, "partner/home.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Register a company; where it is protected for somebody else, the answer says until when."""
    me = me_of(request)
    form = RegistrationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = services.register_deal(partner=me.partner, actor=request.user, **form.cleaned_data)
        except DomainError as error:
            refused(form, error)
        else:
            if row.status == row.Status.SUBMITTED:
                messages.success(request, _("Registered. It is protected for you while we look at it."))
            return redirect("partner-registration", row.pk)
    context = {"title": _("Register a company"), "me": me, "form": form}
    return render(request, "partner/register.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def registration(request: HttpRequest, pk: int) -> HttpResponse:
    """One of one's own registrations."""
    me = me_of(request)
    row = get_object_or_404(registration_list(viewer=request.user), pk=pk)
    context = {
        "title": row.company,
        "me": me,
        "row": row,
        "reason": reason_words(row),
        "tone": TONES[row.Status(row.status)],
    }
    return render(request, "partner/registration.html", context)


@login_required
@require_GET
def lead(request: HttpRequest, pk: int) -> HttpResponse:
    """One of one's own leads: where it stands, and who looks after it."""
    me = me_of(request)
    row = get_object_or_404(partner_leads(viewer=request.user), pk=pk)
    return render(request, "partner/lead.html", {"title": row.company, "me": me, "lead": row})
