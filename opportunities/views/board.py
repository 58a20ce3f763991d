"""The board: lanes of open deals, won and lost of the month as rails, and the door through which cards move."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods

from opportunities import services
from opportunities.filters import OpportunityFilter
from opportunities.forms import MoveForm, asked_by, refused
from opportunities.models import Opportunity, Stage
from opportunities.selectors import board
from opportunities.selectors.attention import plan_note
from opportunities.selectors.entry import closing_needs, gaps
from opportunities.selectors.opportunities import Total, board_stages, deals, this_month, together
from revops.core import clock
from revops.core.errors import BadRequest, InvalidInput, MissingFields
from revops.core.keyset import encode, paginate
from revops.core.money import Money
from revops.core.organisation import organisation
from revops.core.templatetags.frame import amount, changed_query, shown
from revops.core.views.board import CARDS_A_LANE, BoardPage, Card, Lane, missing, more_cards, moved
from revops.core.views.lists import Action, Chip, Empty, Figure

VIEW = "opportunities.view_opportunity"
FETCHED = "fetch"
ADD = "opportunities.add_opportunity"


def filtered(request: HttpRequest) -> tuple[OpportunityFilter, QuerySet[Opportunity]]:
    """The filter in the address and the deals that it leaves; BadRequest names a value that it refuses."""
    found = OpportunityFilter(request.GET, queryset=deals(viewer=request.user), request=request)
    if not found.is_valid():
        name, problems = next(iter(found.errors.items()))
        raise BadRequest("bad_filter", f"{name}: {problems[0]}")
    return found, found.qs


def cards_of(rows: Iterable[Opportunity], query: str) -> list[Card]:
    """Cards as the board shows them; the filter goes along so that a move answers with the same lanes."""
    return [
        Card(
            pk=deal.row.pk,
            version=deal.row.version,
            url=deal.row.get_absolute_url(),
            move_url=reverse("opportunity-move", args=[deal.row.pk]) + query,
            title=deal.row.name,
            sub=deal.row.account.name if deal.row.account else _("No account yet"),
            amount=deal.row.amount_money,
            pill=_("In approval") if deal.in_approval else "",
            pill_tone="warn",
            next_text=deal.action.text,
            when=deal.action.when,
            owner=deal.row.owner,
            warning=deal.warning,
        )
        for deal in board.dressed(rows, clock.now())
    ]


def layouts(request: HttpRequest, current: str) -> list[dict[str, Any]]:
    """Board, list and calendar of the same filter. A board has open deals only, so what leaves it says so."""
    status = {"status": "open"} if current == "board" else {}
    bare: dict[str, Any] = dict.fromkeys(("columns", "sort", "on", "span"))
    queries = {
        "board": changed_query(request.GET, status="", **bare),
        "list": changed_query(request.GET, **bare, **status),
        "calendar": changed_query(request.GET, **bare, **status),
    }
    entries = (
        ("board", _("Board"), "layout-kanban"),
        ("list", _("List"), "list"),
        ("calendar", _("Calendar"), "calendar"),
    )
    return [
        {
            "label": label,
            "url": "" if key == current else reverse(f"opportunity-{key}") + queries[key],
            "icon": icon,
            "current": key == current,
        }
        for key, label, icon in entries
    ]


@dataclass(frozen=True)
class State:
    """Deals under a filter, and the figures of all lanes and rails: two queries besides the stages."""

    rows: QuerySet[Opportunity]
    on: date
    stages: list[Stage]
    lanes: dict[int, Total]
    rails: dict[str, Total]
    base: str

    @classmethod
    def of(cls, rows: QuerySet[Opportunity], on: date) -> "State":
        base = organisation().base_currency
        lanes = board.lane_totals(rows.filter(status=Opportunity.Status.OPEN), on, base)
        return cls(rows, on, board_stages(), lanes, board.rail_totals(rows, this_month(on), on, base), base)

    @property
    def whole(self) -> Total:
        """All open deals of the filter."""
        return together(self.lanes.values(), self.base)

    def heads(self, query: str, *, may_add: bool) -> list[Lane]:
        """All lanes and rails, without cards."""
        whole, nothing = self.whole, board.nothing(self.base)
        return [
            _lane(stage, self.lanes.get(stage.pk, nothing), whole, may_add=may_add)
            if stage.kind == Stage.Kind.OPEN
            else _rail(stage, self.rails.get(_status(stage), nothing), self.on, query)
            for stage in self.stages
        ]


def _lane(stage: Stage, total: Total, whole: Total, *, may_add: bool) -> Lane:
    share = 0
    if total.sum and whole.sum and whole.sum.amount:
        share = int(total.sum.amount * 100 / whole.sum.amount)
    return Lane(
        key=stage.key,
        title=stage.label,
        count=total.count,
        sum=total.sum,
        weighted=total.weighted,
        note=_("at %(n)s %%") % {"n": f"{stage.probability.normalize():f}"},
        share=share,
        create_url=f"{reverse('opportunity-new')}?stage={stage.key}" if may_add else "",
    )


def _status(stage: Stage) -> str:
    return Opportunity.Status.WON if stage.kind == Stage.Kind.WON else Opportunity.Status.LOST


def _rail(stage: Stage, total: Total, on: date, query: str) -> Lane:
    span, won = this_month(on), stage.kind == Stage.Kind.WON
    return Lane(
        key=stage.key,
        title=_("Won") if won else _("Lost"),
        count=total.count,
        sum=total.sum,
        url=_closed_url(query, _status(stage), span.first, span.last),
        icon="trophy" if won else "circle-x",
        rail=True,
    )


def _closed_url(query: str, status: str, first: date, last: date) -> str:
    more = f"status={status}&closed_on__gte={first}&closed_on__lte={last}"
    return f"{reverse('opportunity-list')}{query if len(query) > 1 else '?'}{'&' if len(query) > 1 else ''}{more}"


class OpportunityBoard(BoardPage):
    """Open deals by stage, over the same filter as the list."""

    title = gettext_lazy("Opportunities")
    nav_key = place = "opportunities"
    permission = VIEW
    filters = OpportunityFilter
    custom = Opportunity
    noun = gettext_lazy("opportunities")
    template = "opportunities/board.html"
    file_name = "opportunities"
    chips = (
        Chip("late", gettext_lazy("Overdue"), {"next": "late"}, marker="late"),
        Chip("today", gettext_lazy("Due today"), {"next": "today"}, marker="today"),
        Chip("none", gettext_lazy("No next action"), {"next": "none"}, marker="none"),
        Chip("ageing", gettext_lazy("Ageing"), {"ageing": "true"}, icon="hourglass"),
    )
    empty = Empty(
        gettext_lazy("No opportunities yet"),
        gettext_lazy("An opportunity is an order that we pursue. It comes from an accepted lead, or you open one."),
        "layout-kanban",
    )

    def rows(self) -> QuerySet[Opportunity]:
        return deals(viewer=self.request.user).open()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.GET.get("export") or request.GET.get("panel"):
            return redirect(f"{reverse('opportunity-list')}?{request.GET.urlencode()}")
        return super().get(request, *args, **kwargs)

    @cached_property
    def state(self) -> State:
        """The filter, the deals and the figures of this address, read once."""
        found: Any = self.filterset
        every = found.filter_queryset(deals(viewer=self.request.user))
        return State.of(every, found.today())

    def lanes(self, rows: QuerySet[Opportunity]) -> Sequence[Lane]:
        query, every = self.query(), self.state.rows
        lanes = self.state.heads(query, may_add=self.request.user.has_perm(ADD))
        stages = {stage.key: stage for stage in self.state.stages if stage.kind == Stage.Kind.OPEN}
        first = board.first_cards(every.filter(status=Opportunity.Status.OPEN), list(stages.values()), CARDS_A_LANE)
        cards = {card.pk: card for card in cards_of([deal for deals_ in first.values() for deal in deals_], query)}
        return [
            lane if lane.rail else _filled(lane, first.get(stages[lane.key].pk, []), cards, query) for lane in lanes
        ]

    def strip(self, rows: QuerySet[Opportunity]) -> Sequence[Figure]:
        query, span = self.query(), this_month(self.state.on)
        whole = self.state.whole
        won = self.state.rails.get(Opportunity.Status.WON, board.nothing(self.state.base))
        days = board.days_in_stage(rows, clock.now())
        self.rateless = whole.missing + won.missing
        to_list = reverse("opportunity-list") + (f"{query}&status=open" if len(query) > 1 else "?status=open")
        return [
            Figure(_("Open pipeline"), whole.sum, to_list, _("%(n)s open") % {"n": shown(whole.count)}),
            Figure(_("Weighted"), _rounded(whole.weighted), to_list, _("by the odds of each stage")),
            Figure(
                _("Won this month"),
                won.sum,
                _closed_url(query, Opportunity.Status.WON, span.first, span.last),
                ngettext("%(n)s deal", "%(n)s deals", won.count) % {"n": won.count},
            ),
            Figure(
                _("Mean time in stage"), _("%(n)s days") % {"n": amount(days, 1)} if days is not None else "–", to_list
            ),
        ]

    def actions(self) -> Sequence[Action]:
        if not self.request.user.has_perm(ADD):
            return ()
        return [Action(_("New opportunity"), reverse("opportunity-new"), "plus", primary=True)]

    def views(self) -> Sequence[dict[str, Any]]:
        return layouts(self.request, "board")

    def extra(self) -> dict[str, Any]:
        return {"rateless": getattr(self, "rateless", 0)}


def _rounded(value: Money | None) -> Money | None:
    return None if value is None else Money(value.amount.quantize(1), value.currency)


def _filled(lane: Lane, rows: Sequence[Opportunity], cards: dict[Any, Card], query: str) -> Lane:
    url = ""
    if lane.count > len(rows) and rows:
        last = rows[-1]
        cursor = encode(board.ORDER, [last.amount, last.pk], backwards=False)
        url = _more_url(lane.key, query, cursor)
    return Lane(**{**vars(lane), "cards": [cards[row.pk] for row in rows], "more_url": url})


def _more_url(key: str, query: str, cursor: str) -> str:
    join = "&" if len(query) > 1 else "?"
    return f"{reverse('opportunity-lane', args=[key])}{query if len(query) > 1 else ''}{join}cursor={cursor}"


@login_required
@permission_required(VIEW, raise_exception=True)
@require_GET
def lane_more(request: HttpRequest, key: str) -> HttpResponse:
    """The next cards of a lane, after the cursor."""
    stage = next((stage for stage in board_stages() if stage.key == key), None)
    if stage is None:
        raise BadRequest("unknown_stage", _("The board has no such lane."))
    params = request.GET.copy()
    cursor = params.pop("cursor", [""])[-1]
    query = changed_query(params)
    _found, rows = filtered(request)
    rows = rows.filter(stage=stage, status=Opportunity.Status.OPEN)
    page = paginate(board.shown(rows).order_by(), board.ORDER, cursor or None, CARDS_A_LANE)
    url, more = "", 0
    if page.next_cursor:
        url = _more_url(key, query, page.next_cursor)
        rest = paginate(rows.order_by(), board.ORDER, page.next_cursor, 1000)
        more = len(rest.rows)
    return more_cards(request, cards_of(page.rows, query), url, more)


@login_required
@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a card (200 card, 422 what is missing, 409 why not), or move the deal from its own page."""
    deal = get_object_or_404(deals(viewer=request.user).select_related("stage", "account", "owner"), pk=pk)
    values = request.POST if request.method == "POST" else request.GET
    stage = _target(deal, values.get("stage", ""))
    names = asked_by(request.POST)
    form = MoveForm(request.POST or None, names=names, viewer=request.user)
    if request.method == "GET":
        wanted = gaps(deal, stage, closing_needs(deal, stage))
        return _ask(request, deal, stage, MoveForm(names=wanted, viewer=request.user), status=200)
    if names and not form.is_valid():
        return _ask(request, deal, stage, form)
    try:
        deal = services.move_opportunity(
            opportunity=deal,
            stage=stage,
            version=shown_version(request),
            actor=request.user,
            **(form.cleaned_data if names else {}),
        )
    except MissingFields as error:
        wanted = [*names, *(name for name in error.fields if name not in names)]
        form = MoveForm(initial={**_now(deal), **request.POST.dict()}, names=wanted, viewer=request.user)
        return _ask(request, deal, stage, form, said=error.message)
    except InvalidInput as error:
        refused(form, error)
        return _ask(request, deal, stage, form)
    return _answer(request, deal, stage)


def shown_version(request: HttpRequest) -> int:
    """The version in the form: what the person saw."""
    raw = request.POST.get("version", "")
    if not raw.isascii() or not raw.isdigit() or len(raw) > 9:
        raise BadRequest("version_missing", _("Send the version that you saw."))
    return int(raw)


def _target(deal: Opportunity, key: str) -> Stage:
    found = next((stage for stage in board_stages(deal.pipeline) if stage.key == key), None)
    if found is None:
        raise BadRequest("unknown_stage", _("There is no such stage."))
    return found


def _now(deal: Opportunity) -> dict[str, Any]:
    return {"amount": deal.amount, "close_on": deal.close_on, "account": deal.account_id}


def _by_board(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == FETCHED


def _ask(
    request: HttpRequest, deal: Opportunity, stage: Stage, form: MoveForm, *, said: str = "", status: int = 422
) -> HttpResponse:
    """What is missing: in the board's dialog, or as a page of its own."""
    sub = " · ".join(filter(None, [deal.name, deal.account.name if deal.account else "", said]))
    titles = {Stage.Kind.WON: _("Close as won"), Stage.Kind.LOST: _("Close as lost")}
    title = titles.get(Stage.Kind(stage.kind), _("Move to %(stage)s") % {"stage": stage.label})
    note = ""
    if deal.category_overridden and stage.kind == Stage.Kind.OPEN:
        note = _("Forecast stays %(category)s: it was set by hand.") % {"category": deal.get_category_display()}
    elif stage.kind != Stage.Kind.OPEN:
        note = plan_note(deal, won=stage.kind == Stage.Kind.WON)
    keep = {"stage": stage.key, "version": request.POST.get("version") or deal.version}
    label = _("Move") if stage.kind == Stage.Kind.OPEN else title
    if _by_board(request):
        return missing(
            request,
            form,
            title=title,
            sub=sub,
            action=request.get_full_path(),
            keep=keep,
            note=note,
            submit_label=label,
        )
    context = {
        "form": form,
        "title": title,
        "subtitle": sub,
        "note": note,
        "keep": keep,
        "record": deal,
        "version": keep["version"],
        "action": request.path,
        "submit_label": title,
        "cancel_url": deal.get_absolute_url(),
        "nav_key": "opportunities",
        "crumbs": [
            (_("Opportunities"), reverse("opportunity-board")),
            (deal.name, deal.get_absolute_url()),
            (title, ""),
        ],
    }
    return render(request, "opportunities/move.html", context, status=status)


def _answer(request: HttpRequest, deal: Opportunity, stage: Stage) -> HttpResponse:
    if not _by_board(request):
        messages.success(request, _("Moved to %(stage)s.") % {"stage": stage.label})
        return redirect(deal)
    found, rows = filtered(request)
    query = changed_query(request.GET)
    fresh = board.shown(deals(viewer=request.user).filter(pk=deal.pk))
    lanes = State.of(rows, found.today()).heads(query, may_add=request.user.has_perm(ADD))
    return moved(request, cards_of(fresh, query)[0], lanes)
