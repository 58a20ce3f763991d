"""Where accounts and leads belong: one rule in SQL for many accounts, the same rule for the facts of one."""

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Account, Territory, TerritoryAssignment, TerritoryChange, TerritoryModel, TerritoryRule
from revops.users.models import User

Kind = TerritoryAssignment.Kind
LISTS = {
    "country": "countries",
    "state": "states",
    "industry": "industries",
    "segment": "segments",
    "tier": "tiers",
}
CRITERIA = (*LISTS.values(), "postal_prefixes")

# Where each account of a stretch of ids belongs under a model. What people put somewhere by hand stays there as long
# as the model has that territory: by hand is whatever the rules of the model in force did not put where it is.
PLACES = """
    WITH found AS MATERIALIZED (
        SELECT a.id, a.territory_id, a.owner_id, a.employees, lower(a.country) AS country, lower(a.state) AS state,
               lower(a.industry) AS industry, lower(a.segment) AS segment, lower(a.tier) AS tier,
               lower(a.postal_code) AS postal_code,
               a.territory_id IS NOT NULL
               AND (SELECT keeps_hand FROM accounts_territorymodel k WHERE k.id = %(model)s)
               AND EXISTS (SELECT 1 FROM accounts_territoryrule h
                           WHERE h.model_id = %(model)s AND h.territory_id = a.territory_id)
               AND NOT EXISTS (SELECT 1 FROM accounts_territoryassignment s
                               JOIN accounts_territorymodel m ON m.id = s.model_id AND m.status = 'active'
                               WHERE s.account_id = a.id AND s.kind = 'rule' AND s.territory_id = a.territory_id)
               AS by_hand
        FROM accounts_account a
        WHERE a.archived_at IS NULL AND a.id > %(after)s AND a.id <= %(until)s
    ), fits AS (
        SELECT f.id, r.territory_id, r.owner_id, rank() OVER (PARTITION BY f.id ORDER BY r.priority) AS place
        FROM found f JOIN accounts_territoryrule r ON r.model_id = %(model)s AND NOT f.by_hand
         AND (r.catch_all OR cardinality(r.countries) + cardinality(r.states) + cardinality(r.industries)
              + cardinality(r.segments) + cardinality(r.tiers) + cardinality(r.postal_prefixes) > 0
              OR r.employees_min IS NOT NULL OR r.employees_max IS NOT NULL)
         AND (cardinality(r.countries) = 0 OR f.country = ANY (r.countries))
         AND (cardinality(r.states) = 0 OR f.state = ANY (r.states))
         AND (cardinality(r.industries) = 0 OR f.industry = ANY (r.industries))
         AND (cardinality(r.segments) = 0 OR f.segment = ANY (r.segments))
         AND (cardinality(r.tiers) = 0 OR f.tier = ANY (r.tiers))
         AND (cardinality(r.postal_prefixes) = 0
              OR EXISTS (SELECT 1 FROM unnest(r.postal_prefixes) p WHERE starts_with(f.postal_code, p)))
         AND (r.employees_min IS NULL OR f.employees >= r.employees_min)
         AND (r.employees_max IS NULL OR f.employees <= r.employees_max)
    ), best AS (
        SELECT id, count(*) AS n, min(territory_id) AS territory_id, min(owner_id) AS owner_id
        FROM fits WHERE place = 1 GROUP BY id
    )
    SELECT f.id AS account_id,
           CASE WHEN f.by_hand THEN 'hand' WHEN best.n = 1 THEN 'rule' WHEN best.n > 1 THEN 'tie' ELSE 'none' END
               AS kind,
           f.territory_id AS territory_before,
           CASE WHEN f.by_hand THEN f.territory_id WHEN best.n = 1 THEN best.territory_id END AS territory_after,
           f.owner_id AS owner_before,
           CASE WHEN best.n = 1 THEN coalesce(best.owner_id, f.owner_id) ELSE f.owner_id END AS owner_after
    FROM found f LEFT JOIN best ON best.id = f.id
"""
CHANGES = "(p.territory_before IS DISTINCT FROM p.territory_after OR p.owner_before <> p.owner_after)"
EVERY = {"after": 0, "until": 2**62}


def model_in_force() -> TerritoryModel | None:
    """The model that divides the accounts today."""
    return TerritoryModel.objects.filter(status=TerritoryModel.Status.ACTIVE).first()


def fitting_rules(facts: Mapping[str, Any]) -> list[TerritoryRule]:
    """The territories in force that these facts (country, industry, employees …) fit best; several are a tie."""
    rules = TerritoryRule.objects.filter(model__status=TerritoryModel.Status.ACTIVE)
    named = Q(catch_all=True) | Q(employees_min__isnull=False) | Q(employees_max__isnull=False)
    for name in CRITERIA:
        named |= Q(**{f"{name}__len__gt": 0})
    rules = rules.filter(named)
    for fact, column in LISTS.items():
        rules = rules.filter(Q(**{f"{column}__len": 0}) | Q(**{f"{column}__contains": [_small(facts.get(fact))]}))
    rules = _by_size(rules, facts.get("employees"))
    postal = _small(facts.get("postal_code"))
    fits = [
        rule
        for rule in rules.select_related("territory", "owner").order_by("priority", "pk")
        if not rule.postal_prefixes or any(postal.startswith(start) for start in rule.postal_prefixes)
    ]
    return [rule for rule in fits if rule.priority == fits[0].priority]


def _by_size(rules: QuerySet[TerritoryRule], employees: Any) -> QuerySet[TerritoryRule]:
    if employees is None:
        return rules.filter(employees_min__isnull=True, employees_max__isnull=True)
    return rules.filter(
        Q(employees_min__isnull=True) | Q(employees_min__lte=employees),
        Q(employees_max__isnull=True) | Q(employees_max__gte=employees),
    )


def _small(value: Any) -> str:
    return str(value or "").lower()


def places_of(model: TerritoryModel) -> list[tuple[Any, ...]]:
    """(account, kind, territory before and after, owner before and after) of every account, in no order."""
    with connection.cursor() as cursor:
        cursor.execute(PLACES, {"model": model.pk, **EVERY})
        return list(cursor.fetchall())


def preview_is_stale(model: TerritoryModel) -> bool:
    """Whether the stored preview differs, in any row, from what the model would change now."""
    stored = """SELECT account_id, kind, territory_before_id, territory_after_id, owner_before_id, owner_after_id
        FROM accounts_territorychange WHERE model_id = %(model)s"""
    fresh = f"SELECT * FROM ({PLACES}) p WHERE {CHANGES}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (({fresh}) EXCEPT ({stored})) OR EXISTS (({stored}) EXCEPT ({fresh}))",
            {"model": model.pk, **EVERY},
        )
        return bool(cursor.fetchone()[0])


# What pages and the API show -------------------------------------------------------------


def territory_model_list(*, viewer: Any) -> QuerySet[TerritoryModel]:
    """Models that the viewer may read, with how many territories each draws."""
    return TerritoryModel.objects.visible_to(viewer).annotate(territories=Count("rules"))


def every_territory() -> QuerySet[Territory]:
    """The regions to choose from; who may not draw them is refused by the service."""
    return Territory.objects.order_by("name")


def territory_rule_list(*, viewer: Any) -> QuerySet[TerritoryRule]:
    """Territories of the models that the viewer may read, with how many active accounts each holds today."""
    models = TerritoryModel.objects.visible_to(viewer)
    return shown_rules(TerritoryRule.objects.filter(model__in=models))


def shown_rules(rules: QuerySet[TerritoryRule]) -> QuerySet[TerritoryRule]:
    """Rules with their territory, owner and number of accounts."""
    held = Account.objects.active().filter(territory=OuterRef("territory")).order_by().values("territory")
    return rules.select_related("territory", "owner", "model").annotate(
        account_count=Coalesce(Subquery(held.annotate(n=Count("pk")).values("n")), 0)
    )


def territory_change_list(*, viewer: Any) -> QuerySet[TerritoryChange]:
    """Rows of previews as the viewer may read them."""
    rows = TerritoryChange.objects.visible_to(viewer)
    return rows.select_related("account", "territory_before", "territory_after", "owner_before", "owner_after")


def waiting_accounts() -> dict[str, int]:
    """How many accounts the model in force put nowhere: several territories fit equally, or none does."""
    rows = TerritoryAssignment.objects.filter(
        model__status=TerritoryModel.Status.ACTIVE,
        kind__in=[Kind.TIE, Kind.NONE],
        account__archived_at__isnull=True,
        account__territory__isnull=True,
    )
    return dict(rows.order_by().values_list("kind").annotate(n=Count("pk")))


def movements(model: TerritoryModel, viewer: Any) -> dict[str, list[dict[str, Any]]]:
    """Who gains and loses how many accounts by the preview: by territory, and by owner."""
    rows = TerritoryChange.objects.visible_to(viewer).filter(model=model).order_by()
    moved = rows.exclude(territory_before=F("territory_after"))
    names = dict(Territory.objects.values_list("pk", "name"))
    owners = rows.exclude(owner_before=F("owner_after"))
    holders = {*owners.values_list("owner_before_id", flat=True).distinct()}
    holders |= {*owners.values_list("owner_after_id", flat=True).distinct()}
    people = {user.pk: str(user) for user in User.objects.filter(pk__in=holders)}
    return {
        "territories": _gains(moved, "territory_before_id", "territory_after_id", names),
        "owners": _gains(owners, "owner_before_id", "owner_after_id", people),
    }


def _gains(rows: QuerySet[Any], before: str, after: str, names: Mapping[int, str]) -> list[dict[str, Any]]:
    lost = dict(rows.values_list(before).annotate(n=Count("pk")))
    won = dict(rows.values_list(after).annotate(n=Count("pk")))
    keys = sorted({*lost, *won}, key=lambda key: (key is None, str(names.get(key, key))))
    return [
        {"key": key, "name": names.get(key, "") if key else "", "gains": won.get(key, 0), "loses": lost.get(key, 0)}
        for key in keys
    ]
