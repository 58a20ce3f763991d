"""Public forms: the door that stands open to everybody, and the pages on which we set them up."""

import ipaddress
import json
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required, permission_required
from django.core.cache import cache
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import refused
from accounts.views.records import shown_version
from leads import services
from leads.filters_campaigns import IntakeFormFilter
from leads.forms_campaigns import IntakeSettingsForm, PublicForm
from leads.models import IntakeForm
from leads.selectors.campaigns import form_list, open_form
from leads.services.intake import TRACES
from leads.views.pages import LeadsPart, Trail, form_page, saved, trail
from revops.core.errors import DomainError
from revops.core.views.lists import Action, Column, Empty

# A field that no person sees: whoever fills it in is a machine.
TRAP = "fax_number"
LARGEST = 32_768
POSTS_A_MINUTE = 10
FACTS = ("name", "email", "company", "phone", "message")
YES = frozenset({"1", "on", "true", "yes"})


class IntakeFormList(LeadsPart):
    """Forms that anybody may send."""

    title, noun = gettext_lazy("Public forms"), gettext_lazy("forms")
    permission = "leads.view_intakeform"
    adds = ("leads.add_intakeform", gettext_lazy("New form"), "intake-form-new")
    filters = IntakeFormFilter
    order = "name"
    columns = (
        Column("name", gettext_lazy("Form"), sub="key", sort="name"),
        Column(
            "is_active",
            gettext_lazy("State"),
            lambda row: (_("In use"), "ok") if row.is_active else (_("Closed"), ""),
            kind="pill",
        ),
        Column("campaign", gettext_lazy("Campaign")),
        Column("source", gettext_lazy("Source")),
        Column("sites", gettext_lazy("Sites"), lambda row: ", ".join(row.allowed_sites)),
    )
    empty = Empty(
        gettext_lazy("No form yet"),
        gettext_lazy("A form on your web site makes leads, with consent and campaign."),
        "forms",
        Action(gettext_lazy("New form"), "/leads/forms/new/", "plus"),
    )

    def rows(self) -> QuerySet[Any]:
        return form_list(viewer=self.request.user)


def _crumbs(*more: tuple[str, str]) -> Trail:
    return trail((_("Public forms"), reverse("intake-form-list")), *more)


@login_required
@permission_required("leads.view_intakeform", raise_exception=True)
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One form: how it looks, and how it is put on a web site."""
    form = get_object_or_404(IntakeForm.objects.visible_to(request.user).select_related("campaign"), pk=pk)
    address = f"{settings.SITE_URL}{reverse('intake-form', args=[form.key])}"
    context = {
        "title": form.name,
        "nav_key": "leads",
        "crumbs": _crumbs((form.name, "")),
        "form": form,
        "address": address,
        "script": f"{settings.SITE_URL}{settings.STATIC_URL}js/intake-embed.js",
        "received": form.consents.count(),
        "may_change": request.user.has_perm("leads.change_intakeform"),
    }
    return render(request, "leads/intake_settings.html", context)


@login_required
@permission_required("leads.add_intakeform", raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new public form."""
    form = IntakeSettingsForm(request.POST or None)
    made = saved(request, form, lambda facts: services.create_form(actor=request.user, **facts))
    return made or form_page(request, form, title=_("New form"), way=_crumbs(), back=reverse("intake-form-list"))


@login_required
@permission_required("leads.change_intakeform", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change it."""
    record = get_object_or_404(IntakeForm.objects.visible_to(request.user), pk=pk)
    form = IntakeSettingsForm(
        request.POST or None, initial={n: getattr(record, n) for n in IntakeSettingsForm.Meta.fields}
    )
    made = saved(
        request,
        form,
        lambda facts: services.update_form(form=record, version=shown_version(request), actor=request.user, **facts),
    )
    return made or form_page(request, form, title=_("Edit %(name)s") % {"name": record}, way=_crumbs(), record=record)


# The open door -------------------------------------------------------------------------------


@csrf_exempt
@require_http_methods(["GET", "POST", "OPTIONS"])
def public(request: HttpRequest, key: str) -> HttpResponse:
    """The form as a page that may be embedded, and the address that takes it: from this page, any page, any program.

    No session counts here, and every answer is the same whether the sender is known to us or not.
    """
    form = open_form(key)
    if form is None:
        raise Http404
    if request.method == "POST":
        answer = _receive(request, form)
    elif request.method == "OPTIONS":
        answer = HttpResponse(status=204)
    else:
        answer = _page(request, form, PublicForm(form=form))
    return _for_its_sites(request, form, answer)


def _receive(request: HttpRequest, form: IntakeForm) -> HttpResponse:
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        return _refusal(request, form, None, "too_large", _("This is too much for a form."), 413)
    address = visitor_address(request)
    if _too_fast(address):
        return _refusal(request, form, None, "too_fast", _("Too many at once. Try again in a minute."), 429)
    given = _given(request)
    if given is None:
        return _refusal(request, form, None, "malformed", _("Send the fields as a form, or as one JSON object."), 400)
    if given.get(TRAP):  # machines get the answer that they expect
        return _thanks(request, form)
    try:
        services.receive_form(
            form=form,
            **{name: given.get(name, "") for name in FACTS},
            consent=given.get("consent", "").lower() in YES,
            address=address,
            traces={name: given.get(name, "") for name in TRACES},
        )
    except DomainError as error:
        return _refusal(request, form, error, error.code, error.message, error.status)
    return _thanks(request, form)


def _given(request: HttpRequest) -> dict[str, str] | None:
    """The posted fields as texts; None for what is no set of fields."""
    if request.content_type == "application/json":
        try:
            found = json.loads(request.body)
        except (ValueError, RecursionError):
            return None
        if not isinstance(found, dict):
            return None
        plain = {str(name): value for name, value in found.items() if isinstance(value, str | bool | int)}
        return {name: _storable(str(value)) for name, value in plain.items()}
    return {name: _storable(str(value)) for name, value in request.POST.items()}


def _storable(text: str) -> str:
    """Without what a database cannot keep: half characters and the null character."""
    return text.encode("utf-8", "ignore").decode().replace("\x00", "").strip()


def _too_fast(address: str | None) -> bool:
    """More than a few posts a minute from one address. A cache that is away lets everybody pass."""
    key = f"intake:{address}"
    cache.add(key, 0, 60)
    try:
        return int(cache.incr(key) or 0) > POSTS_A_MINUTE
    except ValueError:
        return False


def visitor_address(request: HttpRequest) -> str | None:
    """Where a request comes from, past as many proxies as stand in front."""
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    said = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    text = said[-proxies] if proxies and len(said) >= proxies else request.META.get("REMOTE_ADDR", "")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _wants_json(request: HttpRequest) -> bool:
    return request.content_type == "application/json" or "application/json" in request.headers.get("Accept", "")


def _thanks(request: HttpRequest, form: IntakeForm) -> HttpResponse:
    text = form.thanks or _("Thank you. We will be in touch.")
    if _wants_json(request):
        return JsonResponse({"received": True, "message": text}, status=202)
    return render(request, "leads/intake_thanks.html", {"form": form, "text": text})


def _refusal(
    request: HttpRequest, form: IntakeForm, error: DomainError | None, code: str, message: str, status: int
) -> HttpResponse:
    if _wants_json(request):
        errors = [vars(one) for one in error.errors] if error else []
        answer: HttpResponse = JsonResponse(
            {"status": status, "code": code, "detail": message, "errors": errors},
            status=status,
            content_type="application/problem+json",
        )
    else:
        page = PublicForm(request.POST, form=form)
        page.full_clean()
        if error is not None and error.errors:
            page.errors.clear()
            refused(page, error)
        elif status != 422:
            page.errors.clear()
            page.add_error(None, message)
        answer = _page(request, form, page, status)
    if status == 429:
        answer["Retry-After"] = "60" if code == "too_fast" else "3600"
    return answer


def _page(request: HttpRequest, form: IntakeForm, page: PublicForm, status: int = 200) -> HttpResponse:
    """Traces of the link stand in hidden fields, and come back with the post."""
    asked = request.POST if request.method == "POST" else request.GET
    traces = {name: asked.get(name, "")[:400] for name in TRACES}
    if request.method == "GET" and not traces["referrer"]:
        traces["referrer"] = request.headers.get("Referer", "")[:400]
    context = {"form": form, "page": page, "traces": traces, "trap": TRAP, "action": request.path}
    return render(request, "leads/intake_form.html", context, status=status)


def _for_its_sites(request: HttpRequest, form: IntakeForm, answer: HttpResponse) -> HttpResponse:
    """Only the sites that the form names may frame it, or read its answer by script."""
    answer._csp_replace = {"frame-ancestors": form.allowed_sites or ["'none'"]}  # type: ignore[attr-defined]
    answer.xframe_options_exempt = bool(form.allowed_sites)  # type: ignore[attr-defined]
    answer["Cache-Control"] = "no-store"
    answer["Vary"] = "Origin"
    if request.headers.get("Origin", "") in form.allowed_sites:
        answer["Access-Control-Allow-Origin"] = request.headers["Origin"]
        answer["Access-Control-Allow-Methods"] = "GET, POST"
        answer["Access-Control-Allow-Headers"] = "Content-Type, Accept"
    return answer
