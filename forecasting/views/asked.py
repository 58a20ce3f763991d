"""What a page's address asks: the period and the day as of which it is read."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from revops.core import clock
from revops.core.errors import BadRequest
from revops.core.organisation import Span, month_of, organisation, quarter_of, span_of


@dataclass(frozen=True)
class Asked:
    """A span and a day; `query` keeps both in links."""

    span: Span
    as_of: date
    given: bool

    def query(self, **more: Any) -> str:
        """ "period=2026-Q4&as_of=…&column=commit"; the day only where the page was asked for one."""
        parts = {"period": self.span.label}
        if self.given:
            parts["as_of"] = self.as_of.isoformat()
        parts |= {name: str(value) for name, value in more.items() if value is not None}
        return "&".join(f"{name}={value}" for name, value in parts.items())


def as_of_day(request: HttpRequest) -> date | None:
    """The day in `as_of`, None when it is not given. Raises BadRequest for anything but a day up to today."""
    raw = request.GET.get("as_of", "")
    if not raw:
        return None
    try:
        day = date.fromisoformat(raw)
    except ValueError:
        raise BadRequest("bad_as_of", _("as_of is a day such as 2026-11-19.")) from None
    if not date(1970, 1, 1) <= day <= clock.today():
        raise BadRequest("bad_as_of", _("as_of is a day up to today."))
    return day


def asked(request: HttpRequest, *, default: str, known: frozenset[str] = frozenset()) -> Asked:
    """Read `period` and `as_of`; anything else than these and `known` is refused. `default` is month or quarter."""
    unknown = sorted(set(request.GET) - {"period", "as_of"} - known)
    if unknown:
        raise BadRequest("unknown_filter", _("There is no filter “%(name)s” here.") % {"name": unknown[0][:60]})
    day = as_of_day(request)
    on = day or clock.today()
    starts_in = organisation().fiscal_year_starts_in
    label = request.GET.get("period")
    if label:
        span = span_of(label, starts_in)
    else:
        span = month_of(on) if default == "month" else quarter_of(on, starts_in)
    return Asked(span, on, day is not None)
