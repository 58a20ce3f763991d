"""What stands before the first lead: people, products, price book, calendar and plan P1. Nothing else is seeded."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from forecasting.setup import ensure_periods, ensure_plan_p1
from leads.setup import ensure_leads
from opportunities.setup import ensure_pipeline
from revops.catalog.models import Product
from revops.core import clock, company
from revops.users import calendars, roles
from revops.users import services as users
from revops.users.models import User
from tests.builders import make_price_book, make_product, make_token, make_user
from tests.cast import Cast, make_cast

TAX = Decimal("8.25")


@dataclass(frozen=True)
class Trade:
    """Who sells, and what."""

    cast: Cast
    gateway: Product
    days: Product


def open_for_business() -> Trade:
    """The cast with its roles, two products, the office calendar, this year's periods and plan P1 signed."""
    cast = make_cast()
    users.set_roles(user=cast.olga, roles=(roles.REVOPS_ADMIN, roles.COMPENSATION_ADMIN, roles.DEAL_DESK), actor=None)
    make_user("nora", first_name="Nora", last_name="Haddad", roles=(roles.SUPPORT,), reach="all")
    company.update_organisation(actor=None, name="Trackwell Systems", tax_percent=TAX)
    calendars.default_calendar()
    ensure_pipeline()
    ensure_leads()
    ensure_periods(clock.today().year)
    olga = User.objects.get(pk=cast.olga.pk)
    ensure_plan_p1([cast.alice, cast.bob], actor=olga)
    book = make_price_book("List, US dollars", is_default=True)
    return Trade(
        cast=cast,
        gateway=make_product("Telemetry gateway TG-200", sku="TG-200", price=320, cost=205, book=book),
        days=make_product("Implementation day", sku="SV-IMPL", price=1450, cost=820, book=book, kind="service"),
    )


@dataclass(frozen=True)
class Answer:
    """What the API said."""

    status: int
    headers: Any
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw) if self.raw else None

    @property
    def tag(self) -> str:
        return str(self.headers["ETag"])


@dataclass
class Caller:
    """One person at the API of the running product, by token and by nothing else."""

    root: str
    user: User
    token: str = field(init=False)

    def __post_init__(self) -> None:
        self.token = make_token(self.user)

    def get(self, path: str) -> Any:
        return self.call("GET", path).body

    def post(self, path: str, body: Any = None, *, tag: str = "", expect: int = 0, **headers: str) -> Answer:
        return self._sure(self.call("POST", path, body, tag=tag, **headers), path, expect)

    def patch(self, path: str, body: Any, *, tag: str) -> Answer:
        return self._sure(self.call("PATCH", path, body, tag=tag), path, 0)

    def verb(self, path: str, verb: str, body: Any = None, *, expect: int = 0) -> Answer:
        """Read the record, then act on exactly what was read."""
        return self.post(f"{path}/{verb}", body, tag=self._sure(self.call("GET", path), path, 0).tag, expect=expect)

    def call(self, method: str, path: str, body: Any = None, *, tag: str = "", **headers: str) -> Answer:
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if tag:
            sent["If-Match"] = tag
        data = None if body is None and method == "GET" else json.dumps(body or {}).encode()
        request = urllib.request.Request(f"{self.root}/api/v1{path}", data=data, headers=sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as refusal:
            return Answer(refusal.code, refusal.headers, refusal.read())

    def _sure(self, answer: Answer, path: str, expect: int) -> Answer:
        good = answer.status == expect if expect else 200 <= answer.status < 300
        assert good, f"{self.user} {path}: {answer.status} {answer.raw[:600]!r}"
        return answer
