"""Importers of accounts and contacts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.keys import account_keys, contact_keys, email_key, name_key
from accounts.models import Account, Channel, Contact, Territory
from accounts.services import imports as services
from revops.integrations.lookups import fill_person, say_spelling
from revops.integrations.models import ImportRow, ImportRun
from revops.integrations.planning import among, identified, match_by, match_external, refuse_twins
from revops.integrations.registries import Context, Draft, Facts, Importer, ImportField, Stretch
from revops.integrations.settling import called

EXTERNAL = ImportField(
    "external_id", gettext_lazy("External id"), aliases=("id", "record id", "account id", "contact id", "hs_object_id")
)
OWNER = ImportField("owner", gettext_lazy("Owner"), aliases=("account owner", "contact owner", "owner name"))
# Spellings of known sources that are plainly slips.
SLIPS = {"technolgy": "technology", "philipines": "Philippines"}
MILLION = Decimal(1_000_000)


def labels(choices: type[TextChoices]) -> dict[str, Any]:
    """Values and how people call them, in whatever language the file is read."""
    return dict(choices.choices)


class AccountLookup:
    """Accounts by name among those that the viewer may see: as written, else by the name without its legal form."""

    def __init__(self, names: Iterable[str], viewer: Any) -> None:
        keys = {name_key(name) for name in set(names)}
        rows = Account.objects.visible_to(viewer).active().filter(name_key__in=among(keys)).order_by("pk")
        self._exact: dict[str, list[Account]] = defaultdict(list)
        self._loose: dict[str, list[Account]] = defaultdict(list)
        for row in rows:
            self._exact[row.name.casefold()].append(row)
            self._loose[row.name_key].append(row)

    def find(self, name: str) -> Account | None:
        """The account; None when there is none. Raises LookupError when several could be meant."""
        found = self._exact.get(name.casefold()) or self._loose.get(name_key(name), [])
        if len(found) > 1:
            raise LookupError(name)
        return found[0] if found else None


def fill_account(drafts: Sequence[Draft], context: Context) -> None:
    """`account` (a name) -> account_id."""
    lookup = AccountLookup((draft.values["account"] for draft in drafts if "account" in draft.values), context.viewer)
    for draft in drafts:
        name = draft.values.get("account")
        if not name:
            continue
        try:
            account = lookup.find(name)
        except LookupError:
            draft.refuse("account", _("Several accounts are called so."))
            continue
        if account is None:
            draft.refuse("account", _("There is no such account, or it is not yours to see."))
        else:
            draft.set("account_id", account.pk, account.name)
            draft.values["country"] = account.country


class AccountImporter(Importer):
    """Companies; a parent may stand in the same file, before or after its children."""

    key, label, order, icon, list_url = "accounts", gettext_lazy("Accounts"), 20, "building", "account-list"
    model = Account
    makes = True
    matched_by = gettext_lazy("id in the other system, then name")
    extras = frozenset({"parent_row"})
    under = "parent"
    circle = gettext_lazy("This would make the account its own parent.")
    fields = (
        EXTERNAL,
        ImportField(
            "name",
            gettext_lazy("Account"),
            column="name",
            required=True,
            aliases=("company", "company name", "firm", "organization - name*"),
        ),
        OWNER,
        ImportField("parent", gettext_lazy("Parent account"), aliases=("subsidiary_of", "parent", "parent company")),
        ImportField("industry", gettext_lazy("Industry"), column="industry", aliases=("sector", "branch")),
        ImportField("territory", gettext_lazy("Territory"), aliases=("region",)),
        ImportField("channel", gettext_lazy("Channel"), aliases=("sales channel", "route to market")),
        ImportField("tier", gettext_lazy("Tier"), column="tier"),
        ImportField("segment", gettext_lazy("Segment"), column="segment"),
        ImportField("kind", gettext_lazy("Kind"), "choice", column="kind", choices=labels(Account.Kind)),
        ImportField(
            "employees",
            gettext_lazy("Employees"),
            "integer",
            column="employees",
            aliases=("headcount", "number of employees"),
        ),
        ImportField("annual_revenue", gettext_lazy("Annual revenue"), "money", column="annual_revenue"),
        ImportField("annual_revenue_m", gettext_lazy("Annual revenue, in millions"), "money"),
        ImportField("currency", gettext_lazy("Currency"), "currency", column="currency"),
        ImportField("year_established", gettext_lazy("Established"), "integer", column="year_established"),
        ImportField(
            "website",
            gettext_lazy("Web site"),
            column="website",
            aliases=("url", "web", "website url", "company domain name"),
        ),
        ImportField("phone", gettext_lazy("Phone"), column="phone", aliases=("tel", "phone number")),
        ImportField(
            "street",
            gettext_lazy("Street"),
            column="street",
            aliases=("billing street", "street address", "organization - address"),
        ),
        ImportField("city", gettext_lazy("City"), column="city", aliases=("billing city",)),
        ImportField(
            "postal_code",
            gettext_lazy("Postal code"),
            column="postal_code",
            aliases=("zip", "postcode", "billing postal code"),
        ),
        ImportField(
            "state",
            gettext_lazy("State"),
            column="state",
            aliases=("billing state", "billing state/province", "state/region"),
        ),
        ImportField(
            "country", gettext_lazy("Country"), column="country", aliases=("office_location", "billing country")
        ),
    )

    def resolve(self, drafts: Sequence[Draft], context: Context) -> None:
        fill_person(drafts, context)
        territories = {row.name.casefold(): row for row in Territory.objects.all()}
        channels = {row.name.casefold(): row for row in Channel.objects.active()}
        for draft in drafts:
            self._straighten(draft, context)
            self._channel(draft, channels)
            name = draft.values.get("territory")
            if name and name.casefold() not in territories:
                draft.refuse("territory", _("There is no such territory."))
            elif name:
                draft.set("territory_id", territories[name.casefold()].pk, name)

    def _channel(self, draft: Draft, channels: Mapping[str, Channel]) -> None:
        name = draft.values.get("channel")
        if name and name.casefold() not in channels:
            draft.refuse("channel", _("There is no such channel."))
        elif name:
            draft.set("channel_id", channels[name.casefold()].pk, name)

    def _straighten(self, draft: Draft, context: Context) -> None:
        for key in ("industry", "country"):
            text = str(draft.columns.get(key, ""))
            if text.casefold() in SLIPS:
                draft.columns[key] = SLIPS[text.casefold()]
                say_spelling(context, text, SLIPS[text.casefold()])
        if "annual_revenue_m" in draft.values:
            draft.columns["annual_revenue"] = draft.values["annual_revenue_m"] * MILLION

    def identify(self, drafts: Sequence[Draft], context: Context) -> None:
        match_external(drafts, self, context, "parent", "owner", "territory", "channel")
        plain = [draft for draft in drafts if not draft.values.get("external_id")]
        refuse_twins(plain, "name", lambda draft: str(draft.values.get("name", "")).casefold())
        names = {str(draft.values.get("name", "")) for draft in plain}
        seen = Account.objects.visible_to(context.viewer).active()  # nothing hidden shines through
        rows = seen.filter(name_key__in=among({name_key(name) for name in names}))
        rows = rows.select_related("parent", "owner", "territory", "channel")
        match_by(plain, rows, lambda draft: str(draft.values.get("name", "")).casefold(), lambda r: r.name.casefold())

    def survey(self, drafts: Sequence[Draft], context: Context) -> None:
        for draft in identified(self, drafts, context):
            if not draft.errors:
                draft.called = _called(draft, "name")

    def relate(self, drafts: Sequence[Draft], context: Context) -> None:
        """A parent is a row of this file or an account that exists; circles are refused."""
        named = [draft for draft in drafts if draft.values.get("parent")]
        here = called(context.run, (_called(draft, "parent") for draft in named))
        records = Account.objects.in_bulk([key for _row, key in here.values() if key is not None])
        lookup = AccountLookup((draft.values["parent"] for draft in named), context.viewer)
        for draft in named:
            draft.above, key = here.get(_called(draft, "parent"), (None, None))
            if draft.above is not None and key is None:
                draft.set("parent_row", draft.above, draft.values["parent"])
            else:
                self._known_parent(draft, records.get(key or 0), lookup)

    def _known_parent(self, draft: Draft, parent: Account | None, lookup: AccountLookup) -> None:
        try:
            parent = parent or lookup.find(draft.values["parent"])
        except LookupError:
            draft.refuse("parent", _("Several accounts are called so."))
            return
        if parent is None:
            draft.refuse("parent", _("There is no such account, here or in this file."))
        elif draft.record is not None and stands_below(parent, draft.record):
            draft.refuse("parent", str(self.circle))
        else:
            draft.set("parent_id", parent.pk, parent.name)

    def current(self, record: Any, column: str) -> Any:
        return None if column == "parent_row" else getattr(record, column)

    def title(self, draft: Draft) -> tuple[str, str]:
        return draft.cells.get("name", ""), draft.cells.get("country", "")

    def keys(self, draft: Draft) -> dict[str, Any]:
        return account_keys(Facts(draft.columns))

    def make(self, *, stretch: Stretch, actor: Any) -> None:
        services.make_accounts(stretch=stretch, actor=actor)

    def write(self, *, rows: Sequence[ImportRow], actor: Any) -> None:
        services.import_accounts(rows=rows, actor=actor)

    def link(self, *, run: ImportRun, actor: Any) -> None:
        services.link_accounts(run=run, actor=actor)

    def unlink(self, *, run: ImportRun, actor: Any) -> None:
        services.unlink_accounts(run=run, actor=actor)

    def undo(self, *, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
        return services.undo_accounts(rows=rows, actor=actor)


class ContactImporter(Importer):
    """People at accounts."""

    key, label, order, icon, list_url = "contacts", gettext_lazy("Contacts"), 30, "address-book", "contact-list"
    model = Contact
    makes = True
    matched_by = gettext_lazy("id in the other system, then e-mail at the account")
    fields = (
        EXTERNAL,
        ImportField(
            "first_name", gettext_lazy("First name"), column="first_name",
            aliases=("given name", "firstname", "person - first name"),
        ),
        ImportField(
            "last_name", gettext_lazy("Last name"), column="last_name", required=True,
            aliases=("family name", "surname", "lastname", "person - last name"),
        ),
        ImportField(
            "account", gettext_lazy("Account"), required=True,
            aliases=(
                "company", "company name", "account name",
                "organization", "organization - name*", "associated company",
            ),
        ),
        OWNER,
        ImportField("title", gettext_lazy("Title"), column="title", aliases=("job title", "job", "occupation")),
        ImportField(
            "email", gettext_lazy("E-mail"), "email", column="email",
            aliases=("mail", "email address", "e-mail 1 - value", "person - email (work)"),
        ),
        ImportField(
            "phone", gettext_lazy("Phone"), column="phone",
            aliases=("tel", "phone number", "phone 1 - value", "person - phone"),
        ),
        ImportField(
            "role", gettext_lazy("Role"), "choice", column="role", choices=labels(Contact.Role)
        ),
    )  # fmt: skip

    def resolve(self, drafts: Sequence[Draft], context: Context) -> None:
        fill_account(drafts, context)
        fill_person(drafts, context)

    def identify(self, drafts: Sequence[Draft], context: Context) -> None:
        match_external(drafts, self, context, "account", "owner")
        mailed = [draft for draft in drafts if draft.record is None and draft.values.get("email")]
        refuse_twins(mailed, "email", self._key)
        keys = {email_key(draft.values["email"]) for draft in mailed}
        kept = Contact.objects.visible_to(context.viewer).active().select_related("account", "owner")
        rows = kept.filter(email_key__in=among(keys))
        match_by(mailed, rows, self._key, lambda row: (row.account_id, row.email_key))
        bare = [draft for draft in drafts if draft.record is None and not draft.values.get("email")]
        names = {draft.columns["account_id"] for draft in bare if "account_id" in draft.columns}
        rows = kept.filter(account_id__in=among(names))
        match_by(bare, rows, self._name, lambda row: (row.account_id, f"{row.first_name} {row.last_name}".casefold()))

    def _key(self, draft: Draft) -> tuple[Any, str]:
        return draft.columns.get("account_id"), email_key(draft.values["email"])

    def _name(self, draft: Draft) -> tuple[Any, str]:
        name = f"{draft.columns.get('first_name', '')} {draft.columns.get('last_name', '')}"
        return draft.columns.get("account_id"), name.casefold()

    def title(self, draft: Draft) -> tuple[str, str]:
        name = f"{draft.cells.get('first_name', '')} {draft.cells.get('last_name', '')}".strip()
        return name, draft.cells.get("account", "")

    def keys(self, draft: Draft) -> dict[str, Any]:
        return contact_keys(Facts(draft.columns), draft.values.get("country", ""))

    def make(self, *, stretch: Stretch, actor: Any) -> None:
        services.make_contacts(stretch=stretch, actor=actor)

    def write(self, *, rows: Sequence[ImportRow], actor: Any) -> None:
        services.import_contacts(rows=rows, actor=actor)

    def undo(self, *, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
        return services.undo_contacts(rows=rows, actor=actor)


def _called(draft: Draft, key: str) -> str:
    return str(draft.values.get(key, "")).casefold()[:200]


def stands_below(account: Account, top: Account) -> bool:
    """Whether `account` is `top` or hangs somewhere under it."""
    seen: set[int] = set()
    above: int | None = account.pk
    while above is not None and above not in seen:
        if above == top.pk:
            return True
        seen.add(above)
        above = Account.objects.filter(pk=above).values_list("parent_id", flat=True).first()
    return False


IMPORTERS = (AccountImporter(), ContactImporter())
