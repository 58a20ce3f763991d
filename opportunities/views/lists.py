"""The list of deals, over the board's filter."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from opportunities.filters import OpportunityFilter
from opportunities.forms import account_choices
from opportunities.models import Opportunity
from opportunities.selectors.attention import next_cell
from opportunities.selectors.opportunities import accounts_for, opportunity_list, total_of
from opportunities.views.board import VIEW, OpportunityBoard, layouts
from opportunities.views.editing import ACTIONS, EDITOR
from revops.core.templatetags.frame import shown
from revops.core.views.lists import Action, Column, Empty, Figure, ListPage, Tab

TONES = {Opportunity.Status.WON: "ok", Opportunity.Status.LOST: "", Opportunity.Status.OPEN: "accent"}


def _stage(deal: Opportunity) -> tuple[str, str]:
    return deal.stage.label, TONES[Opportunity.Status(deal.status)]


class OpportunityList(ListPage):
    """Deals as a table."""

    title = gettext_lazy("Opportunities")
    nav_key = "opportunities"
    permission = VIEW
    place = "opportunities"
    editor, bulk_actions = EDITOR, ACTIONS
    filters = OpportunityFilter
    custom = Opportunity
    noun = gettext_lazy("opportunities")
    file_name = "opportunities"
    template = "opportunities/list.html"
    columns = (
        Column("name", gettext_lazy("Opportunity"), sub="number", sort="name"),
        Column("account", gettext_lazy("Account"), "account.name"),
        Column("stage", gettext_lazy("Stage"), _stage, kind="pill", sort="stage__position"),
        Column("amount", gettext_lazy("Amount"), "amount_money", kind="money", sort="amount", edit="amount"),
        Column("close_on", gettext_lazy("Close date"), kind="date", sort="close_on", edit="close_on"),
        Column("next", gettext_lazy("Next action"), next_cell, kind="next"),
        Column("category", gettext_lazy("Forecast"), "get_category_display"),
        Column("owner", gettext_lazy("Owner"), kind="user", edit="owner"),
        Column("probability", gettext_lazy("Win chance"), kind="percent", hidden=True),
        Column("kind", gettext_lazy("Kind"), "get_kind_display", hidden=True, edit="kind"),
        Column("source", gettext_lazy("Source"), hidden=True, edit="source"),
        Column("product", gettext_lazy("Product"), "product.name", hidden=True, edit="product"),
        Column("opened_on", gettext_lazy("Opened"), kind="date", sort="opened_on", hidden=True),
        Column("closed_on", gettext_lazy("Closed"), kind="date", sort="closed_on", hidden=True),
    )
    chips = OpportunityBoard.chips
    tabs = (
        Tab(gettext_lazy("All")),
        Tab(gettext_lazy("Open"), {"status": "open"}),
        Tab(gettext_lazy("Won"), {"status": "won"}),
        Tab(gettext_lazy("Lost"), {"status": "lost"}),
    )
    empty = Empty(
        gettext_lazy("No opportunities yet"),
        gettext_lazy("An opportunity is an order that we pursue. It comes from an accepted lead, or you open one."),
        "layout-kanban",
    )

    def rows(self) -> QuerySet[Opportunity]:
        return opportunity_list(viewer=self.request.user)

    def strip(self, rows: QuerySet[Opportunity]) -> Sequence[Figure]:
        found: Any = self.filterset
        total = total_of(rows, found.today())
        self.rateless = total.missing
        words = ngettext("%(n)s opportunity", "%(n)s opportunities", total.count) % {"n": shown(total.count)}
        return [Figure(_("Amount"), total.sum, "", words), Figure(_("Weighted"), total.weighted)]

    def actions(self) -> Sequence[Action]:
        if not self.request.user.has_perm("opportunities.add_opportunity"):
            return ()
        return [Action(_("New opportunity"), reverse("opportunity-new"), "plus", primary=True)]

    def views(self) -> Sequence[dict[str, Any]]:
        return layouts(self.request, "list")

    def extra(self) -> dict[str, Any]:
        return {"rateless": getattr(self, "rateless", 0)}


@login_required
@require_GET
def accounts(request: HttpRequest) -> JsonResponse:
    """Accounts for a type-ahead select."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    rows = accounts_for(viewer=request.user)
    if text:
        rows = rows.filter(name__icontains=text)
    return JsonResponse(account_choices(rows.order_by("name", "pk")[:20]), safe=False)
