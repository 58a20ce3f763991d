"""What a contact has to say, product by product."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.forms_roles import RolesForm
from accounts.selectors.contact_roles import roles_of
from accounts.views.records import contact_of, shown_version


@login_required
@permission_required("accounts.change_contact", raise_exception=True)
@require_http_methods(["GET", "POST"])
def contact_roles(request: HttpRequest, pk: int) -> HttpResponse:
    """All roles of a contact at once."""
    contact = contact_of(request, pk)
    form = RolesForm(request.POST or None, stored=list(roles_of(contact)))
    if request.method == "POST" and form.is_valid():
        services.set_contact_roles(
            contact=contact, roles=form.roles(), version=shown_version(request), actor=request.user
        )
        messages.success(request, _("Saved."))
        return redirect(contact)
    context = {
        "form": form,
        "title": _("Roles of %(name)s") % {"name": contact},
        "nav_key": "accounts",
        "crumbs": [
            (_("Contacts"), reverse("contact-list")),
            (contact.name, contact.get_absolute_url()),
            (_("Roles"), ""),
        ],
        "record": contact,
        "version": request.POST.get("version") or contact.version,
        "cancel_url": contact.get_absolute_url(),
    }
    return render(request, "core/form.html", context, status=422 if form.errors else 200)
