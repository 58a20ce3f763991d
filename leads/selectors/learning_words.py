"""A model's reasons as sentences that a seller reads: no column name, no code."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from babel.numbers import format_decimal
from django.utils.translation import get_language, gettext_lazy, to_locale
from django.utils.translation import gettext as _

from leads.learning import values
from leads.learning.encoding import Plan
from leads.models import LeadPropensity, ScoringModel
from leads.selectors.learning import field_labels, option_labels

WITH_VALUE: Mapping[str, Any] = {
    "source": gettext_lazy("Came by %(value)s"),
    "industry": gettext_lazy("Works in %(value)s"),
    "employees": gettext_lazy("%(value)s employees"),
    "country": gettext_lazy("Is in %(value)s"),
    "title": gettext_lazy("Is %(value)s"),
}
YES_NO: Mapping[str, tuple[Any, Any]] = {
    "has_email": (gettext_lazy("Left no e-mail address"), gettext_lazy("Left an e-mail address")),
    "has_phone": (gettext_lazy("Left no phone number"), gettext_lazy("Left a phone number")),
    "has_website": (gettext_lazy("Named no web site"), gettext_lazy("Named a web site")),
    "own_domain": (gettext_lazy("Writes from a free mail service"), gettext_lazy("Writes from a company's address")),
}
_TIME_ON = re.compile(r"^(?:total )?(?:time|minutes|seconds|hours)(?: spent)? (?:on|in|at) (?:the )?(?P<place>.+)$")
_NOISE = re.compile(r"^(?:what is your|what is their|total|number of|no\. of|count of|your|the|a) ")
HALF = 0.5


def plain(label: str) -> str:
    """A header as words: TotalVisits, total_visits and "Total visits" all say "visits"."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", label.replace("_", " ").replace(".", " "))
    words = [word if word.isupper() and len(word) > 1 else word.lower() for word in text.split()]
    text, before = " ".join(words), ""
    while text != before:
        text, before = _NOISE.sub("", text), text
    return text.strip(" ?:") or _("an unnamed column")


def said(plan: Plan, code: int, value: str, label: str) -> str:
    """What a lead is in one field."""
    if plan.kind == "flag" and plan.name in YES_NO and code:
        return str(YES_NO[plan.name][code - 1])
    name = plain(label)
    if code == 0:
        return _("%(field)s not known") % {"field": _first(name)}
    if plan.kind == "flag":
        shown = _("yes") if code == 2 else _("no")
        return _("%(field)s: %(value)s") % {"field": _first(name), "value": shown}
    if plan.kind in ("number", "day"):
        return _measured(plan, code, value, name)
    shown = plan.shown[code - 1] if code <= len(plan.shown) else _("something rare")
    shown = option_labels().get(plan.name, {}).get(shown.casefold(), shown)
    pattern = WITH_VALUE.get(plan.name) or gettext_lazy("%(field)s: %(value)s")
    return str(pattern) % {"field": _first(name), "value": shown}


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _measured(plan: Plan, code: int, value: str, name: str) -> str:
    found = values.number(value) if plan.kind == "number" else values.read_day(value, plan.form or None)
    if found is None:
        return _("%(field)s cannot be read") % {"field": _first(name)}
    if plan.kind == "day":
        shown = (values.EPOCH + timedelta(days=found)).isoformat()
        what = _("%(field)s: %(value)s") % {
            "field": _first(name),
            "value": date.fromisoformat(shown).strftime("%d.%m.%Y"),
        }
    else:
        what = _number(plan.name, found, name)
    rank = _rank(plan, code)
    return f"{what}, {rank}" if rank else what


def _number(column: str, found: float, name: str) -> str:
    on = _TIME_ON.match(name)
    if column in WITH_VALUE:
        return str(WITH_VALUE[column]) % {"value": _figure(found)}
    if on and "minute" not in name and "hour" not in name:
        facts = {"n": _figure(round(found / 60)), "place": on["place"]}
        return _("%(n)s minutes on the %(place)s") % facts
    return _("%(value)s %(field)s") % {"value": _figure(found), "field": name}


def _figure(found: float) -> str:
    return str(format_decimal(round(found, 2), locale=to_locale(get_language() or "en")))


def _rank(plan: Plan, code: int) -> str:
    """Where the value stands among the leads that the model learned from."""
    if code >= len(plan.below):
        return ""
    filled = 1 - plan.shares[0] or 1.0
    below = plan.below[code]
    above = 1 - below - plan.shares[code] / filled
    if below >= HALF:
        return _("more than %(n)s %% of leads") % {"n": int(100 * below)}
    if above >= HALF:
        return _("less than %(n)s %% of leads") % {"n": int(100 * above)}
    return ""


def signed(points: float) -> str:
    """+9, −4: points as people write them."""
    whole = round(points) or (1 if points > 0 else -1)
    return f"+{whole}" if whole > 0 else f"\u2212{-whole}"


def sentence(text: str, points: float) -> str:
    """12 minutes on the website, more than 80 % of leads: +9 points"""
    return _("%(what)s: %(points)s points") % {"what": text, "points": signed(points)}


def reasons_of(
    reasons: Sequence[Sequence[Any]], fields: Sequence[Mapping[str, Any]], labels: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Stored reasons as {what, points, sentence, up}, the strongest first."""
    out = []
    for at, code, points, *rest in reasons:
        plan = Plan.of(fields[at])
        what = said(plan, code, rest[0] if rest else "", labels.get(plan.name, plan.name.rpartition(".")[2]))
        out.append({"what": what, "points": signed(points), "sentence": sentence(what, points), "up": points > 0})
    return out


def propensity_in_words(row: LeadPropensity | None) -> dict[str, Any] | None:
    """What a lead's page and the API show of it."""
    if row is None:
        return None
    return {
        "score": row.score,
        "model": row.model.number,
        "scored_at": row.scored_at,
        "reasons": reasons_of(row.reasons, row.model.fields, field_labels()),
    }


def label_in(model: ScoringModel, name: str) -> str:
    """A field's name as people gave it."""
    labels = {**model.setup.get("labels", {}), **field_labels()}
    return str(labels.get(name, plain(name.rpartition(".")[2])))


def propensity_of(lead: Any) -> dict[str, Any] | None:
    """The same of a lead that the caller may see."""
    return propensity_in_words(LeadPropensity.objects.select_related("model").filter(lead=lead).first())


def score_reasons(lead: Any) -> dict[str, list[str]]:
    """The sentences of all points, as the API shows them; what the list's annotations lack is not asked for."""
    row = None
    if getattr(lead, "propensity_score", None) is not None:
        row = LeadPropensity.objects.select_related("model").filter(lead=lead).first()
    engagement = lead.engagement if getattr(lead, "grade", None) else None
    fit = getattr(lead, "fit", None)
    return {
        "fit": [sentence(one["rule"], one["points"]) for one in (fit.reasons if fit else [])],
        "engagement": [sentence(one["rule"], one["points"]) for one in (engagement.reasons if engagement else [])],
        "propensity": [one["sentence"] for one in (propensity_in_words(row) or {}).get("reasons", [])],
    }
