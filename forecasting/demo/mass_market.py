"""Accounts and contacts by the million."""

from datetime import datetime

from django.conf import settings

from accounts.models import Account, Contact
from forecasting.demo.mass_sql import array, define, insert, literal, logged, pick, roll
from forecasting.demo.names import COUNTRIES, TITLES

EURO = ("Germany", "France", "Netherlands", "Spain")


def define_market(start: datetime, end: datetime, sellers: list[int], developers: list[int]) -> None:
    """Who owns what and when it came, as functions of its number."""
    span = int((end - start).total_seconds())
    when = f"{literal(start)}::timestamptz + ((key * {span}) / greatest(total, 1)) * interval '1 second'"
    define("moment", "key bigint, total bigint", "timestamptz", f"SELECT {when}")
    define("day", "at timestamptz", "date", f"SELECT (at AT TIME ZONE '{settings.COMPANY_TIME_ZONE}')::date")
    define("seller", "key bigint", "bigint", f"SELECT {pick(sellers, 'key', 201, 'bigint')}")
    define("developer", "key bigint", "bigint", f"SELECT {pick(developers, 'key', 202, 'bigint')}")
    define("country", "key bigint", "text", f"SELECT {pick(COUNTRIES, 'key', 203)}")
    euro = f"CASE WHEN pg_temp.country(key) = ANY ({array(EURO)}) THEN 'EUR' ELSE 'USD' END"
    define("currency", "key bigint", "text", f"SELECT {euro}")
    define("title", "key bigint", "text", f"SELECT {pick(TITLES, 'key', 204)}")
    # Many small companies, few large ones.
    size = f"5 + {roll('key', 205, 60)} * {roll('key', 206, 60)} * {roll('key', 207, 12)} / 10"
    define("employees", "key bigint", "int", f"SELECT {size}")


def numbered(total: int) -> str:
    """The numbers from 1 as a source of rows."""
    return f"generate_series(1, {total}::bigint) AS i"


def accounts(total: int) -> int:
    """Accounts; every fifteenth belongs to a group."""
    at = f"pg_temp.moment(i, {total})"
    made = insert(
        Account,
        {
            "id": "i", "created_at": at, "updated_at": at,
            "name": "pg_temp.company(i)", "name_key": "lower(pg_temp.company(i))",
            "owner_id": "pg_temp.seller(i)", "parent_id": "CASE WHEN i % 15 = 0 THEN i / 15 END",
            "industry": "pg_temp.industry(i)", "tier": pick("AABBBC", "i", 301),
            "employees": "pg_temp.employees(i)",
            "annual_revenue": f"(2 + {roll('i', 302, 400)}) * 1000000",
            "currency": "pg_temp.currency(i)", "country": "pg_temp.country(i)",
            "website": "'https://' || pg_temp.domain(i)", "domain": "pg_temp.domain(i)",
        },
        numbered(total),
    )  # fmt: skip
    logged(Account, "account.created", "owner_id", "name", "created_at")
    return made


def contacts(companies: int) -> int:
    """A contact for each account, two for every fourth."""
    made = 0
    for first, source in ((0, numbered(companies)), (companies, numbered(companies // 4))):
        key, account = f"(i + {first})", "i" if first == 0 else "(i * 4)"
        at = f"pg_temp.moment({account}, {companies})"
        made += insert(
            Contact,
            {
                "id": key, "created_at": at, "updated_at": at, "account_id": account,
                "owner_id": f"pg_temp.seller({account})",
                "first_name": f"pg_temp.first({key})", "last_name": f"pg_temp.last({key})",
                "title": f"pg_temp.title({key})",
                "email": f"split_part(pg_temp.email({key}), '@', 1) || '@' || pg_temp.domain({account})",
                "email_key": f"split_part(pg_temp.email({key}), '@', 1) || '@' || pg_temp.domain({account})",
                "role": pick(Contact.Role.values, key, 303),
                "phone": f"'+1 202 555 ' || (1000 + {roll(key, 304, 9000)})",
            },
            source,
        )  # fmt: skip
    logged(Contact, "contact.created", "owner_id", "first_name || ' ' || last_name", "created_at")
    return made
