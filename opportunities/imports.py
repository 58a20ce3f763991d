"""Importer of opportunities: history from another system. Entry criteria do not apply to it."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.imports import fill_account
from opportunities.models import LossReason, Opportunity, Pipeline, Stage
from opportunities.services import imports as services
from revops.catalog.imports import fill_product
from revops.catalog.models import PriceBookEntry
from revops.core import clock
from revops.integrations.lookups import bare, fill_person, say_spelling
from revops.integrations.models import ImportRow, ImportRun
from revops.integrations.planning import match_by, match_external, refuse_twins
from revops.integrations.registries import Context, Draft, Importer, ImportField

# What other systems call our stages.
STAGE_WORDS = {
    "prospecting": "engage",
    "engaging": "discover_needs",
    "won": "closed_won",
    "lost": "closed_lost",
    "closedwon": "closed_won",
    "closedlost": "closed_lost",
    "qualification": "discover_needs",
    "proposal": "develop_proposal",
    "negotiation": "negotiate",
}
JOINS = ("account", "owner", "stage", "product", "loss_reason")


class OpportunityImporter(Importer):
    """Deals, open and closed, with who owns them."""

    key, label, order, icon = "opportunities", gettext_lazy("Opportunities"), 40, "layout-kanban"
    list_url = "opportunity-list"
    model = Opportunity
    matched_by = gettext_lazy("id in the other system, then name and account")
    own_models = services.OWN
    fields = (
        ImportField("external_id", gettext_lazy("External id"), aliases=("opportunity_id", "id", "deal id")),
        ImportField(
            "name", gettext_lazy("Opportunity"), column="name", aliases=("deal name", "opportunity name", "title")
        ),
        ImportField("account", gettext_lazy("Account"), aliases=("account name", "company", "organization")),
        ImportField("owner", gettext_lazy("Owner"), aliases=("sales_agent", "opportunity owner", "deal owner")),
        ImportField("product", gettext_lazy("Product"), aliases=("product name",)),
        ImportField("stage", gettext_lazy("Stage"), required=True, aliases=("deal_stage", "deal stage", "stage name")),
        ImportField(
            "amount", gettext_lazy("Amount"), "money", column="amount", aliases=("close_value", "value", "deal value")
        ),
        ImportField("currency", gettext_lazy("Currency"), "currency", column="currency"),
        ImportField(
            "opened_on", gettext_lazy("Opened on"), "date", column="opened_on",
            aliases=("engage_date", "created date", "create date"),
        ),
        ImportField("close_date", gettext_lazy("Close date"), "date", aliases=("closed on", "expected close date")),
        ImportField("loss_reason", gettext_lazy("Loss reason"), aliases=("lost reason",)),
        ImportField("source", gettext_lazy("Source"), column="source", aliases=("lead source",)),
    )  # fmt: skip

    def resolve(self, drafts: Sequence[Draft], context: Context) -> None:
        fill_account(drafts, context)
        fill_person(drafts, context, leavers=True)
        fill_product(drafts, context)
        self._stages(drafts, context)
        self._reasons(drafts)
        self._opened(drafts, context)
        for draft in drafts:
            self._complete(draft, context)

    # References -----------------------------------------------------------------------------

    def _stages(self, drafts: Sequence[Draft], context: Context) -> None:
        pipeline = Pipeline.objects.filter(is_default=True).first()
        stages = list(Stage.objects.filter(pipeline=pipeline)) if pipeline else []
        words = {bare(word): stage for stage in stages for word in (stage.key, stage.label)}
        keys = {stage.key: stage for stage in stages}
        words |= {word: keys[key] for word, key in STAGE_WORDS.items() if key in keys and word not in words}
        for draft in drafts:
            name = draft.values.get("stage")
            if not name:
                continue
            stage = words.get(bare(name))
            if stage is None:
                options = ", ".join(stage.label for stage in stages)
                draft.refuse("stage", _("There is no such stage. Use one of: %(options)s.") % {"options": options})
                continue
            if bare(name) in STAGE_WORDS:
                say_spelling(context, name, stage.label)
            draft.values["stage_row"] = stage
            draft.set("stage_id", stage.pk, stage.label)

    def _reasons(self, drafts: Sequence[Draft]) -> None:
        reasons = {reason.label.casefold(): reason for reason in LossReason.objects.all()}
        for draft in drafts:
            name = draft.values.get("loss_reason")
            if name and name.casefold() not in reasons:
                draft.refuse("loss_reason", _("There is no such loss reason."))
            elif name:
                draft.set("loss_reason_id", reasons[name.casefold()].pk, name)

    def surveyed(self, run: ImportRun) -> bool:
        return True

    def survey(self, drafts: Sequence[Draft], context: Context) -> None:
        """The last day that the file knows of: on which a deal was opened, or closed."""
        self._stages(drafts, context)
        days = [d.values["close_date"] for d in drafts if "close_date" in d.values and self._kind(d) != "open"]
        days += [d.values["opened_on"] for d in drafts if "opened_on" in d.values]
        if days:
            context.facts["last_day"] = max(context.facts.get("last_day", ""), max(days).isoformat())

    def _opened(self, drafts: Sequence[Draft], context: Context) -> None:
        """Without a first day: the day that it closed, else the last day that the file knows of, else today."""
        today = clock.today()
        known = context.facts.get("last_day")
        last = min(date.fromisoformat(known), today) if known else today
        for draft in drafts:
            if "opened_on" in draft.values:
                continue
            draft.defaults["opened_on"] = draft.values.get("close_date", last) if self._kind(draft) != "open" else last
            text = _("No first day: taken as opened on %(day)s, the last day in the file.")
            if self._kind(draft) == "open":
                context.remark(text % {"day": last.isoformat()})

    def _kind(self, draft: Draft) -> str:
        stage = draft.values.get("stage_row")
        return stage.kind if stage is not None else "open"

    def _complete(self, draft: Draft, context: Context) -> None:
        """Columns that follow from the stage; what the file does not say, only for new deals."""
        stage, closes = draft.values.get("stage_row"), draft.values.get("close_date")
        opened = draft.values.get("opened_on") or draft.defaults["opened_on"]
        if stage is not None and stage.kind != Stage.Kind.OPEN:
            if closes is None:
                draft.refuse("close_date", _("A closed deal needs the day on which it closed."))
            elif closes > clock.today():
                draft.refuse("close_date", _("A closed deal cannot close in the future."))
            elif closes < opened:
                draft.refuse("close_date", _("This deal closed before it was opened."))
            else:
                draft.columns |= {"closed_on": closes, "close_on": closes}
        elif closes is not None:
            draft.columns["close_on"] = closes
        if isinstance(opened, date) and opened > clock.today():
            draft.refuse("opened_on", _("This day is still to come."))

    # Records --------------------------------------------------------------------------------

    def identify(self, drafts: Sequence[Draft], context: Context) -> None:
        match_external(drafts, self, context, *JOINS)
        plain = [draft for draft in drafts if not draft.values.get("external_id")]
        refuse_twins(plain, "name", self._name)
        rows = Opportunity.objects.filter(
            name__in={draft.values.get("name", "") for draft in plain}, archived_at__isnull=True
        ).select_related(*JOINS)
        match_by(plain, rows, self._name, lambda row: (row.name.casefold(), row.account_id))
        self._prices([draft for draft in drafts if draft.record is None], context)

    def _name(self, draft: Draft) -> Any:
        name = str(draft.values.get("name", "")).casefold()
        return (name, draft.columns.get("account_id")) if name else ""

    def _prices(self, drafts: Sequence[Draft], context: Context) -> None:
        """A new open deal without an amount takes its product's list price; a new deal without a name gets one."""
        entries = PriceBookEntry.objects.filter(
            book__is_default=True, book__currency="USD", book__during__contains=clock.today()
        )
        prices = dict(entries.values_list("product_id", "list_price"))
        for draft in drafts:
            price = prices.get(draft.columns.get("product_id", 0))
            if "amount" not in draft.values and price is not None and self._kind(draft) == "open":
                draft.defaults["amount"] = price.quantize(Decimal("0.01"))
                context.remark(_("No amount: open deals take their product's list price."))
            if "name" not in draft.values:
                draft.defaults["name"] = self._made_name(draft)

    def _made_name(self, draft: Draft) -> str:
        parts = [draft.shown.get("account_id") or _("No account"), draft.shown.get("product_id", "")]
        return ", ".join(part for part in parts if part)[:200]

    def judge(self, draft: Draft, context: Context) -> None:
        record = draft.record
        if "account_id" not in draft.columns and getattr(record, "account_id", None) is None:
            self._no_account(draft, context)
        if record is None:
            return
        moves = draft.columns.get("stage_id", record.stage_id) != record.stage_id
        if moves and not record.imported:
            draft.refuse("stage", _("This deal did not come from a file: move it on its page."))
        if not record.imported and record.status != Opportunity.Status.OPEN:
            draft.skip = _("Closed here: a file does not change it.")

    def _no_account(self, draft: Draft, context: Context) -> None:
        if self._kind(draft) == Stage.Kind.WON:
            draft.refuse("account", _("A won deal needs its account."))
            return
        draft.notes.append(_("No account."))
        context.remark(_("No account: the deal is kept without one."))

    def title(self, draft: Draft) -> tuple[str, str]:
        name = draft.cells.get("name") or draft.cells.get("account") or draft.cells.get("external_id", "")
        return name, draft.cells.get("external_id", "") or draft.cells.get("product", "")

    def write(self, *, rows: Sequence[ImportRow], actor: Any) -> None:
        services.import_opportunities(rows=rows, actor=actor)

    def undo(self, *, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
        return services.undo_opportunities(rows=rows, actor=actor)


IMPORTERS = (OpportunityImporter(),)
