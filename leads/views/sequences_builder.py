"""The builder of a sequence: its steps as an ordered list that the server draws again after each move."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.views.records import shown_version
from leads.forms_sequences import PersonForm, SequenceForm, StepList
from leads.models import Lead, MessageTemplate, Sequence
from leads.selectors.sequences import PLACEHOLDERS, preview
from leads.services.sequence_building import build_sequence
from leads.views.sequences import crumbs, sequence_of
from revops.core.errors import InvalidInput
from revops.core.search import best

FACTS = tuple(SequenceForm.base_fields)
PICKED = 20


@login_required
@permission_required("leads.add_sequence", raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Build a sequence."""
    return _builder(request, None)


@login_required
@permission_required("leads.change_sequence", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change it. Steps of one in use wait until it is paused."""
    return _builder(request, sequence_of(request, pk))


def _builder(request: HttpRequest, sequence: Sequence | None) -> HttpResponse:
    initial = {name: getattr(sequence, name) for name in FACTS} if sequence else {}
    form = SequenceForm(request.POST or None, viewer=request.user, record=sequence, initial=initial)
    steps = _steps(request, sequence)
    if request.method == "POST":
        saved = _saved(request, sequence, form, steps)
        if saved:
            messages.success(request, _("Saved."))
            return redirect(saved)
    title = _("Edit %(name)s") % {"name": sequence} if sequence else _("New sequence")
    context = {
        "form": form,
        "steps": steps,
        "person_form": PersonForm(viewer=request.user),
        "placeholders": PLACEHOLDERS.items(),
        "title": title,
        "nav_key": "leads",
        "crumbs": crumbs((title, "")),
        "cancel_url": sequence.get_absolute_url() if sequence else reverse("sequence-list"),
        "record": sequence,
        "version": sequence and (request.POST.get("version") or sequence.version),
        "frozen": steps is None,
    }
    return render(request, "leads/sequences/builder.html", context, status=422 if request.method == "POST" else 200)


def _steps(request: HttpRequest, sequence: Sequence | None) -> StepList | None:
    """As they were sent, or as they are stored; None: people are in it, so its steps stand."""
    if sequence is not None and sequence.status == Sequence.Status.ACTIVE:
        return None
    if request.method == "POST":
        return StepList.posted(request.POST, viewer=request.user)
    return StepList.of(sequence, viewer=request.user)


def _saved(
    request: HttpRequest, sequence: Sequence | None, form: SequenceForm, steps: StepList | None
) -> Sequence | None:
    """The sequence once it is saved; None while something is refused, which then stands beside its field."""
    good = steps is None or steps.is_valid()
    if not form.is_valid() or not good:
        return None
    try:
        return build_sequence(
            sequence=sequence,
            version=shown_version(request) if sequence else None,
            actor=request.user,
            facts=form.cleaned_data,
            steps=steps.facts() if steps else None,
        )
    except InvalidInput as error:
        _place(error, form, steps)
        return None


def _place(error: InvalidInput, form: SequenceForm, steps: StepList | None) -> None:
    """Each refusal beside its field: `steps.<n>.<field>` is the n-th step's."""
    for one in error.errors:
        target: Any = form
        name = one.pointer
        if steps and name.startswith("steps."):
            _word, number, name = name.split(".", 2)
            target = steps.forms[int(number)][1]
        target.add_error(name if name in target.fields else None, one.detail)


@login_required
@permission_required("leads.view_sequence", raise_exception=True)
@require_POST
def draw(request: HttpRequest) -> HttpResponse:
    """The steps after one was added, moved, taken away or became of another kind. Nothing is saved."""
    move, _sign, at = request.POST.get("move", "").partition(":")
    steps = StepList.drawn(request.POST, viewer=request.user, move=move, at=at)
    answer = render(request, "leads/sequences/steps.html", {"steps": steps})
    answer["HX-Trigger"] = "drawn"  # the preview follows
    return answer


@login_required
@permission_required("leads.view_sequence", raise_exception=True)
@require_POST
def show_preview(request: HttpRequest) -> HttpResponse:
    """What the mails in the form say to the person who was chosen. Nothing is saved."""
    who = PersonForm(request.POST, viewer=request.user)
    person = who.cleaned_data.get("person") if who.is_valid() else None
    rows = _mails(request, person) if person else []
    return render(request, "leads/sequences/preview.html", {"person": person, "rows": rows})


def _mails(request: HttpRequest, person: Lead) -> list[dict[str, Any]]:
    """Each mail of the builder, or the one text of a template's form."""
    if "step" not in request.POST:
        text = MessageTemplate(subject=request.POST.get("subject", ""), body=request.POST.get("body", ""))
        return [{"day": None, "mail": preview(text, person, request.user)}]
    steps = StepList.posted(request.POST, viewer=request.user)
    steps.is_valid()
    rows = []
    for _key, form in steps.forms:
        found: Any = form.cleaned_data.get("template")
        if form.written_here:
            found = MessageTemplate(**{name: form.cleaned_data.get(name, "") for name in ("subject", "body")})
        if found is not None:
            rows.append({"day": form.cleaned_data.get("day_offset"), "mail": preview(found, person, request.user)})
    return rows


@login_required
@permission_required("leads.view_lead", raise_exception=True)
@require_GET
def pick_lead(request: HttpRequest) -> JsonResponse:
    """Leads for a type-ahead select."""
    text = request.GET.get("q", "").strip()[:100].replace("\x00", "")
    rows = Lead.objects.visible_to(request.user).filter(archived_at__isnull=True).exclude(Q(email=""))
    found = best(rows, text, PICKED) if text else list(rows.order_by("-pk")[:PICKED])
    return JsonResponse([{"value": row.pk, "text": f"{row.name}, {row.company}"} for row in found], safe=False)
