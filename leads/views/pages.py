"""What the pages below “Leads” have in common: lists with a way to add, and forms that make and change a record."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from accounts.forms import refused
from revops.core.errors import InvalidInput
from revops.core.views.lists import Action, ListPage

Trail = list[tuple[Any, str]]


def trail(*more: tuple[Any, str]) -> Trail:
    """The way to a page below Leads."""
    return [(_("Leads"), reverse("lead-list")), *more]


class LeadsPart(ListPage):
    """A list below Leads. `adds`: the right to add to it, what the button says, the name of its address and what
    that asks.
    """

    nav_key = "leads"
    adds: tuple[str, StrOrPromise, str] | tuple[str, StrOrPromise, str, str] | None = None

    def crumbs(self) -> Trail:
        return trail((self.title, ""))

    def actions(self) -> list[Action]:
        if self.adds is None or not self.request.user.has_perm(self.adds[0]):
            return []
        address = reverse(self.adds[2], args=self.adds[3:])
        return [Action(self.adds[1], address, "plus", primary=True)]


def saved(request: HttpRequest, form: forms.BaseForm, save: Callable[[dict[str, Any]], Any]) -> HttpResponse | None:
    """The way to the record once the form is saved; None while it is not, the reasons then stand in the form."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        record = save(form.cleaned_data)
    except InvalidInput as error:
        refused(form, error)
        return None
    messages.success(request, _("Saved."))
    return redirect(record)


def form_page(
    request: HttpRequest,
    form: forms.BaseForm,
    *,
    title: str,
    way: Trail,
    back: str = "",
    record: Any = None,
    template: str = "core/form.html",
) -> HttpResponse:
    """A form as a page of its own; of a record that exists, with the version that was shown."""
    context = {
        "form": form,
        "title": title,
        "nav_key": "leads",
        "crumbs": [*way, (title, "")],
        "cancel_url": back or record.get_absolute_url(),
        "record": record,
        "version": record and (request.POST.get("version") or record.version),
    }
    return render(request, template, context, status=422 if form.errors else 200)
