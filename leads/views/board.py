"""The board: lanes of open leads by state, over the same filter as the list, and the door through which cards move."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.views.records import shown_version
from leads import services
from leads.filters import LeadFilter
from leads.forms import AnswersForm, DisqualifyForm
from leads.models import Lead
from leads.selectors.leads import lead_list, shaped
from leads.selectors.scoring import CRITERIA
from leads.views.lists import TONES, LeadList, layouts, next_cell, source_words
from revops.core.errors import BadRequest, IllegalState, InvalidInput, MissingFields
from revops.core.keyset import encode, paginate
from revops.core.templatetags.frame import changed_query
from revops.core.views.board import CARDS_A_LANE, BoardPage, Card, Lane, missing, more_cards, moved
from revops.core.views.lists import Chip

VIEW = "leads.view_lead"
Status = Lead.Status
ORDER = ["-id"]
COUNTED = 10_000
LANES = (Status.NEW, Status.WORKING, Status.NURTURE, Status.QUALIFIED)
RAILS = {Status.CONVERTED: "circle-check", Status.DISQUALIFIED: "ban"}


def cards_of(rows: Iterable[Any], query: str) -> list[Card]:
    """Cards as the board shows them; the filter goes along so that a move answers with the same lanes."""
    return [_card(lead, query) for lead in rows]


def _card(lead: Any, query: str) -> Card:
    text, when = next_cell(lead) or ("", "none")
    score = "" if lead.score is None else _("Score %(n)s") % {"n": f"{lead.score.normalize():f}"}
    fit = "" if lead.fit_score is None else _("Fit %(n)s") % {"n": lead.fit_score}
    return Card(
        pk=lead.pk,
        version=lead.version,
        url=lead.get_absolute_url(),
        move_url=reverse("lead-board-move", args=[lead.pk]) + query,
        title=lead.name,
        sub=lead.company,
        note=", ".join(filter(None, (source_words(lead.source), fit))) or _("No source"),
        pill=score,
        pill_tone=TONES[Status(lead.status)],
        next_text=text,
        when=when,
        owner=lead.owner or lead.queue,
        warning=lead.rejection_note if lead.status == Status.WORKING else "",
    )


def filtered(request: HttpRequest) -> QuerySet[Lead]:
    """The leads that the filter in the address leaves; BadRequest names a value that it refuses."""
    found = LeadFilter(request.GET, queryset=lead_list(viewer=request.user), request=request)
    if not found.is_valid():
        name, problems = next(iter(found.errors.items()))
        raise BadRequest("bad_filter", f"{name}: {problems[0]}")
    return found.qs


def heads(rows: QuerySet[Lead], query: str, *, may_add: bool) -> list[Lane]:
    """All lanes and rails without cards; none counts further than a list does."""
    bare = rows.order_by().values("pk")
    counts = {status: bare.filter(status=status)[:COUNTED].count() for status in (*LANES, *RAILS)}
    whole = sum(counts[status] for status in LANES) or 1
    join = f"{query}&" if len(query) > 1 else "?"
    lanes = [
        Lane(
            key=status,
            title=status.label,
            count=counts[status],
            share=counts[status] * 100 // whole,
            create_url=reverse("lead-new") if may_add and status == Status.NEW else "",
        )
        for status in LANES
    ]
    rails = [
        Lane(
            key=status,
            title=status.label,
            count=counts[status],
            url=f"{reverse('lead-list')}{join}status={status}",
            icon=icon,
            rail=True,
        )
        for status, icon in RAILS.items()
    ]
    return [*lanes, *rails]


class LeadBoard(BoardPage):
    """Open leads by state."""

    title, nav_key, noun, place = gettext_lazy("Leads"), "leads", gettext_lazy("leads"), "leads"
    permission = VIEW
    filters = LeadFilter
    custom = Lead
    file_name = "leads"
    chips = (
        Chip("mine", gettext_lazy("Mine"), {"mine": "true"}),
        Chip("late", gettext_lazy("Overdue"), {"next": "late"}, marker="late"),
        Chip("today", gettext_lazy("Today"), {"next": "today"}, marker="today"),
        Chip("none", gettext_lazy("Nothing planned"), {"next": "none"}, marker="none"),
    )
    empty = LeadList.empty

    def rows(self) -> QuerySet[Any]:
        return lead_list(viewer=self.request.user)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.GET.get("export") or request.GET.get("panel"):
            return redirect(f"{reverse('lead-list')}?{request.GET.urlencode()}")
        return super().get(request, *args, **kwargs)

    def lanes(self, rows: QuerySet[Any]) -> Sequence[Lane]:
        query = self.query()
        lanes = heads(rows, query, may_add=self.request.user.has_perm("leads.add_lead"))
        return [lane if lane.rail else _filled(lane, rows, query) for lane in lanes]

    def views(self) -> Sequence[dict[str, Any]]:
        return layouts(self.request, "board")


def _filled(lane: Lane, rows: QuerySet[Any], query: str) -> Lane:
    first = list(rows.filter(status=lane.key).order_by("-id")[:CARDS_A_LANE])
    url = ""
    if lane.count > len(first) and first:
        url = _more_url(lane.key, query, encode(ORDER, [first[-1].pk], backwards=False))
    return Lane(**{**vars(lane), "cards": cards_of(first, query), "more_url": url})


def _more_url(key: str, query: str, cursor: str) -> str:
    return f"{reverse('lead-lane', args=[key])}{f'{query}&' if len(query) > 1 else '?'}cursor={cursor}"


@login_required
@permission_required(VIEW, raise_exception=True)
@require_GET
def lane_more(request: HttpRequest, key: str) -> HttpResponse:
    """The next cards of a lane, after the cursor."""
    if key not in LANES:
        raise BadRequest("unknown_lane", _("The board has no such lane."))
    params = request.GET.copy()
    cursor = params.pop("cursor", [""])[-1]
    query = changed_query(params)
    request.GET = params  # type: ignore[assignment]
    rows = filtered(request).filter(status=key).order_by()
    page = paginate(rows, ORDER, cursor or None, CARDS_A_LANE)
    url, more = "", 0
    if page.next_cursor:
        url = _more_url(key, query, page.next_cursor)
        more = len(paginate(rows, ORDER, page.next_cursor, 1000).rows)
    return more_cards(request, cards_of(page.rows, query), url, more)


@login_required
@permission_required(VIEW, raise_exception=True)
@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a card: 200 the card, 422 what is missing, 409 why not."""
    lead = get_object_or_404(lead_list(viewer=request.user), pk=pk)
    target = request.POST.get("stage", "")
    if target not in (*LANES, *RAILS):
        raise BadRequest("unknown_lane", _("The board has no such lane."))
    asked = MOVES.get(target, _never)(request, lead)
    if asked is not None:
        return asked
    query = changed_query(request.GET)
    fresh = shaped(Lead.objects.visible_to(request.user).filter(pk=lead.pk))
    lanes = heads(filtered(request), query, may_add=request.user.has_perm("leads.add_lead"))
    return moved(request, cards_of(fresh, query)[0], lanes)


def _never(request: HttpRequest, lead: Lead) -> HttpResponse | None:
    raise IllegalState(
        "illegal_state", _("A lead is converted when a seller takes it over, and it is new only when it comes in.")
    )


def _work(request: HttpRequest, lead: Lead) -> HttpResponse | None:
    if lead.status == Status.QUALIFIED:
        raise IllegalState(
            "illegal_state",
            _("A qualified lead goes back when its handoff is rejected or withdrawn, or when its score falls."),
        )
    act = services.start_working if lead.status == Status.NEW else services.reopen_lead
    act(lead=lead, version=shown_version(request), actor=request.user)
    return None


def _nurture(request: HttpRequest, lead: Lead) -> HttpResponse | None:
    services.nurture_lead(lead=lead, version=shown_version(request), actor=request.user)
    return None


def _qualify(request: HttpRequest, lead: Lead) -> HttpResponse | None:
    """Straight away where all criteria are answered; else the open ones are asked first."""
    names = [name for name in CRITERIA if name in request.POST]
    form = AnswersForm(request.POST if names else None, names=names)
    version = shown_version(request)
    if names and not form.is_valid():
        return _ask(request, lead, form, _("Qualify"), Status.QUALIFIED)
    try:
        if names:
            answers = form.cleaned_data
            lead = services.answer_criteria(lead=lead, version=version, actor=request.user, answers=answers)
            version = lead.version
        services.qualify_lead(lead=lead, version=version, actor=request.user)
    except InvalidInput as error:
        form.add_error(None, error.message)
        return _ask(request, lead, form, _("Qualify"), Status.QUALIFIED)
    except MissingFields as error:
        if not set(error.fields) <= set(CRITERIA):
            raise IllegalState("missing_fields", error.message) from error
        return _ask(request, lead, AnswersForm(names=error.fields), _("Qualify"), Status.QUALIFIED)
    return None


def _disqualify(request: HttpRequest, lead: Lead) -> HttpResponse | None:
    form = DisqualifyForm(request.POST if "reason" in request.POST else None)
    if not (form.is_bound and form.is_valid()):
        return _ask(request, lead, form, _("Why is this no lead?"), Status.DISQUALIFIED)
    facts = form.cleaned_data
    services.disqualify_lead(lead=lead, version=shown_version(request), actor=request.user, **facts)
    return None


def _ask(request: HttpRequest, lead: Lead, form: Any, title: str, target: str) -> HttpResponse:
    label = _("Disqualify") if target == Status.DISQUALIFIED else _("Qualify")
    return missing(
        request,
        form,
        title=title,
        sub=f"{lead.name}, {lead.company}",
        action=request.get_full_path(),
        keep={"stage": target, "version": lead.version},
        submit_label=label,
    )


MOVES: dict[str, Callable[[HttpRequest, Lead], HttpResponse | None]] = {
    Status.WORKING: _work,
    Status.NURTURE: _nurture,
    Status.QUALIFIED: _qualify,
    Status.DISQUALIFIED: _disqualify,
}
