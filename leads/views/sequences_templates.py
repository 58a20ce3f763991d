"""What steps say: the list of templates, and the form with its preview."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import refused
from accounts.views.records import shown_version
from leads.filters_sequences import TemplatePageFilter
from leads.forms_sequences import PersonForm, TemplateForm
from leads.models import MessageTemplate
from leads.selectors.mails import documents_of
from leads.selectors.outreach import templates_shown
from leads.selectors.sequences import PLACEHOLDERS
from leads.services import templates as services
from leads.services.templates import FIELDS
from leads.views.sequences import crumbs
from revops.core.errors import InvalidInput
from revops.core.views.lists import Action, Chip, Column, Empty, ListPage


class TemplateList(ListPage):
    """What steps of sequences say."""

    title, nav_key, noun = gettext_lazy("Message templates"), "leads", gettext_lazy("templates")
    permission = "leads.view_messagetemplate"
    filters = TemplatePageFilter
    order = "name"
    columns = (
        Column("name", gettext_lazy("Template"), sort="name"),
        Column("subject", gettext_lazy("Subject")),
        Column("steps", gettext_lazy("Used by steps"), "step_count", kind="number"),
        Column("changed", gettext_lazy("Changed"), "updated_at", kind="datetime", sort="updated_at", phone=False),
    )
    chips = (Chip("archived", gettext_lazy("Archived"), {"archived": "true"}),)
    empty = Empty(
        gettext_lazy("No template yet"),
        gettext_lazy("A text in which the name of whom it reaches is filled in: written here, or in a sequence."),
        "template",
        Action(gettext_lazy("New template"), "/leads/templates/new/", "plus"),
    )

    def rows(self) -> QuerySet[Any]:
        return templates_shown(viewer=self.request.user)

    def crumbs(self) -> list[tuple[Any, str]]:
        return crumbs((str(self.title), ""))

    def actions(self) -> list[Action]:
        if not self.request.user.has_perm("leads.add_messagetemplate"):
            return []
        return [Action(_("New template"), reverse("message-template-new"), "plus", primary=True)]


@login_required
@permission_required("leads.add_messagetemplate", raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Write one."""
    form = TemplateForm(request.POST or None, viewer=request.user)
    made = _saved(request, form, lambda facts: services.create_template(actor=request.user, **facts))
    return made or _form(request, form, _("New template"), None)


@login_required
@permission_required("leads.change_messagetemplate", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one; what was sent stays as it was."""
    template = get_object_or_404(MessageTemplate.objects.visible_to(request.user), pk=pk)
    initial = {name: getattr(template, name) for name in FIELDS}
    initial["documents"] = [one.pk for one in documents_of(template)]
    form = TemplateForm(request.POST or None, viewer=request.user, initial=initial)
    made = _saved(
        request,
        form,
        lambda facts: services.update_template(
            template=template, version=shown_version(request), actor=request.user, **facts
        ),
    )
    return made or _form(request, form, _("Edit %(name)s") % {"name": template}, template)


@login_required
@permission_required("leads.change_messagetemplate", raise_exception=True)
@require_POST
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Put one away that no sequence says."""
    template = get_object_or_404(MessageTemplate.objects.visible_to(request.user), pk=pk)
    services.archive_template(template=template, version=shown_version(request), actor=request.user)
    messages.success(request, _("Archived."))
    return redirect("message-template-list")


def _saved(request: HttpRequest, form: TemplateForm, save: Callable[[dict[str, Any]], Any]) -> HttpResponse | None:
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        save(form.cleaned_data)
    except InvalidInput as error:
        refused(form, error)
        return None
    messages.success(request, _("Saved."))
    return redirect("message-template-list")


def _form(request: HttpRequest, form: TemplateForm, title: str, template: MessageTemplate | None) -> HttpResponse:
    context = {
        "form": form,
        "person_form": PersonForm(viewer=request.user),
        "placeholders": PLACEHOLDERS.items(),
        "title": title,
        "nav_key": "leads",
        "crumbs": crumbs((_("Message templates"), reverse("message-template-list")), (title, "")),
        "cancel_url": reverse("message-template-list"),
        "record": template,
        "version": template and (request.POST.get("version") or template.version),
        "may_archive": template is not None and template.archived_at is None,
        "used_by": list(template.steps.select_related("sequence")[:10]) if template else [],
    }
    return render(request, "leads/sequences/template.html", context, status=422 if form.errors else 200)
