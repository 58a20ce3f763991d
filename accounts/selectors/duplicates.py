"""Who looks the same: by stored keys and by likeness, and only among what the viewer may see, so that nothing hidden
shines through. `hidden_*` are for telling the owners of what the viewer does not see.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from rapidfuzz import fuzz

from accounts.keys import account_keys, contact_keys
from accounts.matching import SAME_COMPANY, THRESHOLD, Facts, likeness, same_numbers, score
from accounts.models import Account, Contact

SHOWN = 5
MANY = 1000  # so many are looked at for an import
NEAR = 50  # so many similar spellings are compared
REASONS: dict[str, Callable[[], str]] = {
    "email": lambda: _("same e-mail"),
    "phone": lambda: _("same phone number"),
    "domain": lambda: _("same web domain"),
    "company": lambda: _("same name"),
    "company_near": lambda: _("nearly the same name"),
    "person": lambda: _("same name"),
    "person_near": lambda: _("nearly the same name"),
    "place": lambda: _("same address"),
}


# Facts of stored records ------------------------------------------------------------------


def _place(account: Any) -> dict[str, Any]:
    return {
        "street": account.street.casefold(),
        "city": account.city.casefold(),
        "postal": account.postal_code.casefold(),
        "state": account.state.casefold(),
    }


def account_facts(account: Any) -> Facts:
    """What is compared of an account."""
    return Facts(company=account.name_key, domain=account.domain, phone=account.phone_key, **_place(account))


def contact_facts(contact: Any) -> Facts:
    """What is compared of a contact: where it works is where it lives. `account` comes along."""
    account = contact.account
    return Facts(
        first=contact.first_name.casefold(),
        last=contact.last_name.casefold(),
        company=account.name_key,
        domain=account.domain,
        email=contact.email_key,
        phone=contact.phone_key,
        group=contact.account_id or 0,
        **_place(account),
    )


def reasons_of(one: Facts, other: Facts) -> list[str]:
    """Why two records look alike, as codes of REASONS."""
    found = likeness(one, other)
    codes = [name for name in ("email", "phone", "domain") if found.get(name) == 1]
    if one.person and {"first", "last"} <= found.keys():
        names = found["first"] + found["last"]
        codes += ["person"] if names == 2 else ["person_near"] if names / 2 >= 0.85 else []
    elif not one.person and found.get("company"):
        codes += ["company"] if one.company == other.company else ["company_near"]
    if found.get("street", 0) >= 0.9 and found.get("city", 0) >= 0.9:
        codes.append("place")
    return codes


def reason_texts(codes: Iterable[str]) -> list[str]:
    """Codes in words."""
    return [REASONS[code]() for code in codes if code in REASONS]


# Candidates of one record -----------------------------------------------------------------


def any_of(**keys: str) -> Q:
    """One of these stored keys is the same; an empty key is nobody's."""
    same = Q(pk__in=[])
    for name, value in keys.items():
        if value:
            same |= Q(**{name: value})
    return same


def similar(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Rows in which something is spelled nearly so, by trigrams, the nearest first; for one form, never for many rows.

    The order is also what keeps PostgreSQL from walking the table by its key, comparing row by row, to find the first.
    """
    if len(text) < 4:
        return rows.none()
    near = rows.filter(search__trigram_word_similar=text)
    return near.order_by(TrigramWordSimilarity(text, "search").desc(), "pk")


def account_duplicates(
    *, viewer: Any, name: str = "", website: str = "", exclude: int | None = None, account: Account | None = None
) -> list[dict[str, Any]]:
    """Accounts with the same name (legal form aside), web domain or phone number, and at one address with nearly the
    same name; of what is asked, or of a whole `account` that is not there yet.
    """
    rows = Account.objects.visible_to(viewer).active().exclude(pk=exclude or 0)
    asked = account or Account(name=name, website=website)
    keys = account_keys(asked)
    found = _twin_accounts(rows, keys, asked)[:SHOWN]
    return [candidate("account", row, _account_reasons(row, keys), str(row.owner)) for row in found]


def hidden_accounts(*, viewer: Any, account: Account) -> list[Account]:
    """Active accounts that look like this one and that the viewer does not see."""
    rows = Account.objects.active().exclude(pk=account.pk)
    keys = {name: getattr(account, name) for name in ("name_key", "domain", "phone_key")}
    return _unseen(_twin_accounts(rows, keys, account), Account.objects.visible_to(viewer))


def _twin_accounts(rows: QuerySet[Account], keys: dict[str, str], asked: Account) -> list[Account]:
    exact = list(rows.filter(any_of(**keys)).select_related("owner").order_by("pk")[:SHOWN])
    # Nearly the same name is no evidence by itself: branches are told apart by a letter.
    if len(exact) >= SHOWN or not keys["name_key"] or not asked.city or not asked.street:
        return exact
    near = similar(rows, keys["name_key"]).exclude(pk__in=[row.pk for row in exact])
    wanted = Facts(company=keys["name_key"], domain=keys["domain"], phone=keys["phone_key"], **_place(asked))
    return exact + [
        row
        for row in near.filter(city__iexact=asked.city.strip()).select_related("owner")[:NEAR]
        if _nearly(wanted, account_facts(row))
    ]


def _nearly(one: Facts, other: Facts) -> bool:
    named = fuzz.token_sort_ratio(one.company, other.company) >= SAME_COMPANY
    there = "place" in reasons_of(one, other) and same_numbers(one.street, other.street)
    return named and there and score(one, other) >= THRESHOLD


def _account_reasons(row: Account, keys: dict[str, str]) -> list[str]:
    codes = [
        *(["company"] if keys["name_key"] and row.name_key == keys["name_key"] else []),
        *(["domain"] if keys["domain"] and row.domain == keys["domain"] else []),
        *(["phone"] if keys["phone_key"] and row.phone_key == keys["phone_key"] else []),
    ]
    return reason_texts(codes or ["company_near", "place"])


def contact_duplicates(
    *,
    viewer: Any,
    email: str,
    account: Account | None = None,
    exclude: int | None = None,
    contact: Contact | None = None,
) -> list[dict[str, Any]]:
    """Contacts with the same e-mail address, at one account or anywhere; of a whole `contact` also those at its
    account with the same phone number and name.
    """
    keys = contact_keys(contact or Contact(email=email), account.country if account else "")
    same = any_of(email_key=keys["email_key"])
    if contact is not None and keys["phone_key"]:
        same |= Q(phone_key=keys["phone_key"], person_key=keys["person_key"])
    rows = Contact.objects.visible_to(viewer).active().filter(same).exclude(pk=exclude or 0)
    if account is not None:
        rows = rows.filter(account=account)
    shown = rows.select_related("account", "owner").order_by("pk")[:SHOWN]
    return [
        candidate(
            "contact",
            row,
            reason_texts(["email"] if row.email_key and row.email_key == keys["email_key"] else ["phone", "person"]),
            f"{row.account}, {row.owner}",
        )
        for row in shown
    ]


def hidden_contacts(*, viewer: Any, email_key: str, exclude: int | None = None) -> list[Contact]:
    """Active contacts with the same address that the viewer does not see."""
    rows = Contact.objects.active().filter(any_of(email_key=email_key)).exclude(pk=exclude or 0)
    return _unseen(
        list(rows.select_related("owner", "account").order_by("pk")[:SHOWN]), Contact.objects.visible_to(viewer)
    )


def hidden_twins_of_many(*, viewer: Any, made: QuerySet[Any], names: Sequence[str]) -> list[Any]:
    """Active records beyond the viewer's sight that share one of these stored keys with one of many new ones."""
    manager: Any = made.model._default_manager
    there = manager.active().exclude(pk__in=made.values("pk"))
    alike: set[int] = set()
    for name in names:  # one index after the other: joined by OR they would serve none
        keys = made.exclude(**{name: ""}).order_by().values(name)
        alike |= set(there.filter(**{f"{name}__in": keys}).order_by("pk").values_list("pk", flat=True)[:MANY])
    seen = set(manager.visible_to(viewer).filter(pk__in=alike).values_list("pk", flat=True))
    return list(manager.filter(pk__in=sorted(alike - seen)[:NEAR]).select_related("owner").order_by("pk"))


def _unseen(rows: Collection[Any], seen: QuerySet[Any]) -> list[Any]:
    known = set(seen.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True)) if rows else set()
    return [row for row in rows if row.pk not in known]


def candidate(kind: str, record: Any, reasons: Sequence[str], sub: str = "") -> dict[str, Any]:
    """A suspected duplicate as pages and the API show it."""
    return {
        "kind": kind,
        "id": record.pk,
        "label": str(record),
        "sub": sub,
        "url": record.get_absolute_url(),
        "reasons": list(reasons),
    }
