"""The pages of one account and of one contact, and the forms that make and change them."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts import services
from accounts.forms import AccountForm, ContactForm, LogForm, refused
from accounts.models import Account, Contact
from accounts.selectors import account_list, contact_list, timeline
from accounts.selectors.contact_roles import roles_of
from accounts.selectors.timeline import activities_of
from accounts.views.touches import touch_context
from revops.core import clock
from revops.core.errors import BadRequest, DuplicateSuspected, InvalidInput
from revops.core.money import Money
from revops.core.registries import panels_for
from revops.core.views.aliases import opened
from revops.core.views.landing import landing
from revops.core.views.lists import Figure

ACCOUNT_FACTS = (
    *("name", "kind", "website", "phone", "industry", "tier", "segment", "employees", "annual_revenue", "currency"),
    *("year_established", "street", "postal_code", "city", "state", "country"),
)
CONTACT_FACTS = ("first_name", "last_name", "title", "email", "phone", "role")


def shown_version(request: HttpRequest) -> int:
    """The version in the form: what the person saw."""
    raw = request.POST.get("version", "")
    if not raw.isascii() or not raw.isdigit() or len(raw) > 9:
        raise BadRequest("version_missing", _("Send the version that you saw."))
    return int(raw)


def account_of(request: HttpRequest, pk: int) -> Account:
    return get_object_or_404(account_list(viewer=request.user), pk=pk)


def contact_of(request: HttpRequest, pk: int) -> Contact:
    return get_object_or_404(contact_list(viewer=request.user), pk=pk)


@login_required
@permission_required("accounts.view_account", raise_exception=True)
@require_GET
def account(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one account; of one that was merged, what it became."""
    record, elsewhere = opened(request, account_list(viewer=request.user), pk)
    return elsewhere or account_page(request, record)


def account_page(
    request: HttpRequest, record: Account, *, log: LogForm | None = None, status: int = 200
) -> HttpResponse:
    """The record page; `log` carries back what could not be saved."""
    activities = activities_of(record, viewer=request.user)
    context = {
        **_shared(request, record, activities, log, reverse("account-log", args=[record.pk])),
        "account": record,
        "record_icon": "building",
        "crumbs": [(_("Accounts"), reverse("account-list")), (record.name, "")],
        "keyfacts": _account_facts(record),
        "panels": panels_for("accounts.account", record, request.user),  # type: ignore[arg-type]
        "contacts": record.contacts.filter(archived_at__isnull=True)[:6],
        "children": Account.objects.visible_to(request.user).filter(parent=record).order_by("name", "pk")[:6],
        "revenue": None if record.annual_revenue is None else Money(record.annual_revenue, record.currency),
        "may_change": request.user.has_perm("accounts.change_account"),
    }
    return render(request, "accounts/account.html", context, status=status)


def _shared(request: HttpRequest, record: Any, activities: Any, log: LogForm | None, url: str) -> dict[str, Any]:
    return {
        **touch_context(request, activities, log=log, url=url, may=record.archived_at is None),
        "title": str(record),
        "nav_key": "accounts",
        "log_attendees": True,
        "timeline": timeline(record=record, activities=activities),
    }


def _account_facts(record: Account) -> list[Figure]:
    touched: Any = getattr(record, "last_activity_at", None)
    days = (clock.now() - touched).days if touched else None
    words = _("never") if days is None else ngettext("%(n)s day ago", "%(n)s days ago", days) % {"n": days}
    contacts: int = getattr(record, "contact_count", 0)
    return [
        Figure(_("Owner"), str(record.owner)),
        Figure(_("Industry"), record.industry or "–", "", record.tier and _("tier %(t)s") % {"t": record.tier}),
        Figure(_("Employees"), record.employees if record.employees is not None else "–"),
        Figure(_("Contacts"), contacts, f"{reverse('contact-list')}?account={record.pk}"),
        Figure(_("Last touch"), _("today") if days == 0 else words),
    ]


@login_required
@permission_required("accounts.view_contact", raise_exception=True)
@require_GET
def contact(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one contact; of one that was merged, what it became."""
    record, elsewhere = opened(request, contact_list(viewer=request.user), pk)
    return elsewhere or contact_page(request, record)


def contact_page(
    request: HttpRequest, record: Contact, *, log: LogForm | None = None, status: int = 200
) -> HttpResponse:
    """The record page; `log` carries back what could not be saved."""
    activities = activities_of(record, viewer=request.user)
    context = {
        **_shared(request, record, activities, log, reverse("contact-log", args=[record.pk])),
        "contact": record,
        "record_icon": "user",
        "crumbs": [
            (_("Accounts"), reverse("account-list")),
            (record.account.name, record.account.get_absolute_url()),
            (record.name, ""),
        ],
        "product_roles": roles_of(record),
        "panels": panels_for("accounts.contact", record, request.user),  # type: ignore[arg-type]
        "may_change": request.user.has_perm("accounts.change_contact"),
    }
    return render(request, "accounts/contact.html", context, status=status)


# Forms ------------------------------------------------------------------------------------


@login_required
@permission_required("accounts.add_account", raise_exception=True)
@require_http_methods(["GET", "POST"])
def account_new(request: HttpRequest) -> HttpResponse:
    """Make an account; one that looks like another is asked about first."""
    form = AccountForm(request.POST or None, viewer=request.user, initial={"owner": request.user.pk})
    twins: list[Any] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_account(
                actor=request.user, allow_duplicate="allow_duplicate" in request.POST, **form.cleaned_data
            )
        except DuplicateSuspected as error:
            twins = error.facts["candidates"]
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("Account created."))
            return redirect(made)
    context = {
        "title": _("New account"),
        "crumbs": [(_("Accounts"), reverse("account-list")), (_("New"), "")],
        "submit_label": _("Create account"),
        "cancel_url": reverse("account-list"),
    }
    return _form(request, form, context, twins)


@login_required
@permission_required("accounts.change_account", raise_exception=True)
@require_http_methods(["GET", "POST"])
def account_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an account's facts."""
    record = account_of(request, pk)
    facts = {name: getattr(record, name) for name in ACCOUNT_FACTS}
    facts |= {name: getattr(record, f"{name}_id") for name in ("owner", "territory", "channel", "parent")}
    form = AccountForm(request.POST or None, viewer=request.user, record=record, initial=facts)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_account(
                account=record, version=shown_version(request), actor=request.user, **form.cleaned_data
            )
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("Saved."))
            return landing(request, record, "account-list")
    return _form(request, form, _edit_context(request, record, [(_("Accounts"), reverse("account-list"))]))


@login_required
@permission_required("accounts.add_contact", raise_exception=True)
@require_http_methods(["GET", "POST"])
def contact_new(request: HttpRequest) -> HttpResponse:
    """Make a contact; `?account=` fills the form."""
    start = {"account": request.GET["account"]} if request.GET.get("account", "").isdigit() else {}
    form = ContactForm(request.POST or None, viewer=request.user, initial=start)
    twins: list[Any] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_contact(
                actor=request.user, allow_duplicate="allow_duplicate" in request.POST, **form.cleaned_data
            )
        except DuplicateSuspected as error:
            twins = error.facts["candidates"]
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("Contact created."))
            return redirect(made)
    context = {
        "title": _("New contact"),
        "crumbs": [(_("Contacts"), reverse("contact-list")), (_("New"), "")],
        "submit_label": _("Create contact"),
        "cancel_url": reverse("contact-list"),
    }
    return _form(request, form, context, twins)


@login_required
@permission_required("accounts.change_contact", raise_exception=True)
@require_http_methods(["GET", "POST"])
def contact_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a contact's facts."""
    record = contact_of(request, pk)
    facts = {name: getattr(record, name) for name in CONTACT_FACTS}
    facts |= {"owner": record.owner_id, "account": record.account_id}
    form = ContactForm(request.POST or None, viewer=request.user, record=record, initial=facts)
    if request.method == "POST" and form.is_valid():
        changes = {name: value for name, value in form.cleaned_data.items() if name != "owner" or value}
        try:
            services.update_contact(contact=record, version=shown_version(request), actor=request.user, **changes)
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("Saved."))
            return landing(request, record, "contact-list")
    return _form(request, form, _edit_context(request, record, [(_("Contacts"), reverse("contact-list"))]))


def _edit_context(request: HttpRequest, record: Any, crumbs: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "title": _("Edit %(name)s") % {"name": record},
        "crumbs": [*crumbs, (str(record), record.get_absolute_url()), (_("Edit"), "")],
        "record": record,
        "version": request.POST.get("version") or record.version,
        "cancel_url": record.get_absolute_url(),
    }


def _form(request: HttpRequest, form: Form, context: dict[str, Any], twins: list[Any] | None = None) -> HttpResponse:
    """The form page; 409 while it asks about twins, 422 while fields are refused."""
    status = 409 if twins else 422 if form.errors else 200
    shared = {
        "form": form,
        "nav_key": "accounts",
        "twins": twins,
        "may_allow": request.user.has_perm("accounts.allow_duplicate"),
    }
    return render(request, "accounts/form.html", {**shared, **context}, status=status)
