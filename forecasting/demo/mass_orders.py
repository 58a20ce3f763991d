"""Orders by the million: those of won deals with their accepted quotes, the others straight from the counter."""

from datetime import datetime

from forecasting.demo.mass_sql import array, before_images, define, insert, literal, logged, pick, roll, run
from forecasting.models.compensation import PlanAssignment
from forecasting.models.credits import Credit
from opportunities.models import Opportunity, OpportunitySplit, Quote, QuoteLine
from orders.models import Order, OrderLine, OrderSplit
from revops.catalog.models import PriceBook, Product
from revops.core.models import ExchangeRate, NumberSeries
from revops.core.organisation import default_entity

TAX = "CASE s.currency WHEN 'EUR' THEN 19 ELSE 8.25 END"
# Hundreds divided by one of these stay whole.
QUANTITIES = (1, 1, 2, 4, 5, 10, 20, 25)
# Whom a sale counts for, in parts of a hundred: as its deal says, else the owner.
CREDITED = f"""mass_sale s JOIN LATERAL (
    SELECT p.user_id, p.percent::int AS percent, p.id FROM {OpportunitySplit._meta.db_table} p
        WHERE p.opportunity_id = s.deal AND p.kind = 'revenue'
    UNION ALL SELECT s.owner, 100, 0 WHERE s.deal IS NULL) AS c ON true"""


def sales(total: int, end: datetime) -> int:
    """Plan the sales: won deals in the order of their closing, then sales without one. Returns how many there are."""
    now, deal = f"{literal(end)}::timestamptz", Opportunity._meta.db_table
    price = f"100 * (2 + {roll('n', 602, 60)} * {roll('n', 603, 60)} / 40)"
    channel = pick(("pos", "online", "partner"), "n", 604)
    run(f"""
        CREATE TEMP TABLE mass_sale ON COMMIT DROP AS
        WITH won AS (
            SELECT row_number() OVER (ORDER BY stage_entered_at, id) AS n, id AS deal, account_id AS account,
                owner_id AS owner, currency, amount::bigint AS net, 'crm' AS channel, stage_entered_at AS booked_at
            FROM {deal} WHERE status = 'won'
        ), counter AS (
            SELECT n, NULL::bigint AS deal, pg_temp.account_of(800000000 + n) AS account, {price}::bigint AS net,
                {channel} AS channel, pg_temp.moment(n, {total}) AS booked_at
            FROM generate_series((SELECT count(*) FROM won) + 1, {total}::bigint) AS n
        ), every AS (
            SELECT * FROM won WHERE n <= {total}
            UNION ALL
            SELECT n, deal, account, pg_temp.seller(account), pg_temp.currency(account), net, channel, booked_at
            FROM counter
        ), aged AS (
            SELECT *, extract(epoch FROM {now} - booked_at)::bigint / 86400 AS age,
                CASE WHEN net >= 400 AND {roll("n", 605, 2)} = 0 THEN net / 200 * 100 ELSE net END AS first_net,
                CASE {roll("n", 606, 4)} WHEN 0 THEN 25 ELSE 0 END AS shipping FROM every
        )
        SELECT *, CASE WHEN deal IS NULL AND {roll("n", 607, 50)} = 0 THEN 'cancelled' WHEN age < 4 THEN 'booked'
            WHEN age < 12 THEN 'in_fulfillment' WHEN {roll("n", 608, 10)} < 6 THEN 'fulfilled' ELSE 'closed' END
            AS status,
            {roll("n", 609, 2)} AS shipped, extract(year FROM pg_temp.day(booked_at))::int AS year,
            row_number() OVER (PARTITION BY extract(year FROM pg_temp.day(booked_at)) ORDER BY booked_at, n) AS place
        FROM aged""")
    _plan_lines()
    define("printed", "prefix text, year int, place bigint", "text",
           "SELECT prefix || '-' || year || '-' || CASE WHEN place < 100000 THEN lpad(place::text, 5, '0') "
           "ELSE place::text END")  # fmt: skip
    return run("SELECT n FROM mass_sale")


def _plan_lines() -> None:
    """One line or two, of goods or of services: price times quantity comes out even."""
    goods = list(Product.objects.filter(kind="goods").order_by("pk"))
    others = list(Product.objects.exclude(kind="goods").order_by("pk"))
    key = "(s.n * 2 + v.position)"
    kinds = [f"{pick([row.pk for row in rows], key, salt, 'bigint')}" for rows, salt in ((others, 611), (goods, 612))]
    run(f"""
        CREATE TEMP TABLE mass_line ON COMMIT DROP AS
        WITH said AS (
            SELECT s.n, v.position, v.net, {pick(QUANTITIES, key, 613, "int")} AS quantity,
                CASE s.shipped WHEN 0 THEN {kinds[0]} ELSE {kinds[1]} END AS product, {TAX} AS tax_percent,
                50 + {roll(key, 614, 30)} AS cost_percent
            FROM mass_sale s
                CROSS JOIN LATERAL (VALUES (1, s.first_net), (2, s.net - s.first_net)) AS v (position, net)
            WHERE v.net > 0
        )
        SELECT said.*, (n - 1) * 2 + position AS id, net / quantity AS unit_price,
            round(net * tax_percent / 100, 2) AS tax, round(net / quantity * cost_percent / 100.0, 2) AS unit_cost,
            p.name, p.recurring_months
        FROM said JOIN {Product._meta.db_table} p ON p.id = said.product""")
    run("CREATE INDEX ON mass_line (n)")
    run("CREATE TEMP TABLE mass_total ON COMMIT DROP AS SELECT n, sum(tax) AS tax, sum(unit_cost * quantity) AS cost "
        "FROM mass_line GROUP BY n")  # fmt: skip
    for table in ("mass_sale", "mass_line", "mass_total"):
        run(f"ANALYZE {table}")


LINE = {
    "id": "x.id", "position": "x.position", "product_id": "x.product", "description": "x.name",
    "quantity": "x.quantity", "unit_price": "x.unit_price", "net": "x.net", "tax_percent": "x.tax_percent",
    "tax": "x.tax", "unit_cost": "x.unit_cost", "recurring_months": "x.recurring_months",
}  # fmt: skip
SUMS = {
    "net": "s.net",
    "tax": "t.tax",
    "shipping": "s.shipping",
    "total": "s.net + t.tax + s.shipping",
    "cost": "t.cost",
}


def quotes() -> int:
    """The accepted quote of every won deal."""
    books = ", ".join(f"({row.pk}, '{row.currency}')" for row in PriceBook.objects.filter(is_default=True))
    made = insert(
        Quote,
        {"id": "s.n", "created_at": "s.booked_at - interval '9 days'", "updated_at": "s.booked_at", "version": "5",
         "number": "pg_temp.printed('Q', s.year, s.place)", "opportunity_id": "s.deal", "status": "'accepted'",
         "price_book_id": "b.id", "currency": "s.currency", "valid_until": "pg_temp.day(s.booked_at) + 21", **SUMS,
         "created_by_id": "s.owner", "submitted_by_id": "s.owner", "approved_at": "s.booked_at - interval '8 days'",
         "sent_at": "s.booked_at - interval '7 days'", "accepted_at": "s.booked_at",
         "accepted_by_name": "pg_temp.first(s.account) || ' ' || pg_temp.last(s.account)"},
        f"mass_sale s JOIN mass_total t ON t.n = s.n JOIN (VALUES {books}) AS b (id, currency) "
        "ON b.currency = s.currency WHERE s.deal IS NOT NULL",
    )  # fmt: skip
    insert(
        QuoteLine,
        {**LINE, "quote_id": "x.n", "list_price": "x.unit_price"},
        "mass_line x JOIN mass_sale s ON s.n = x.n WHERE s.deal IS NOT NULL",
    )
    logged(Quote, "quote.accepted", "l.created_by_id", "number", "l.accepted_at")
    return made


def orders() -> int:
    """Orders with their lines and credit, and the rows before each change."""
    versions = {"booked": 2, "in_fulfillment": 3, "cancelled": 3, "fulfilled": 4, "closed": 5}
    steps = " ".join(f"WHEN '{status}' THEN {version}" for status, version in versions.items())
    made = insert(
        Order,
        {"id": "s.n", "created_at": "s.booked_at", "updated_at": "s.booked_at + interval '1 day'",
         "version": f"CASE s.status {steps} END", "number": "pg_temp.printed('O', s.year, s.place)",
         "entity_id": str(default_entity().pk), "account_id": "s.account", "opportunity_id": "s.deal",
         "quote_id": "CASE WHEN s.deal IS NOT NULL THEN s.n END", "owner_id": "s.owner", "channel": "s.channel",
         "status": "s.status", "currency": "s.currency", **SUMS, "booked_at": "s.booked_at",
         "booked_on": "pg_temp.day(s.booked_at)"},
        "mass_sale s JOIN mass_total t ON t.n = s.n",
    )  # fmt: skip
    insert(
        OrderLine,
        {
            **LINE,
            "order_id": "x.n",
            "fulfilled": "CASE WHEN s.status IN ('fulfilled', 'closed') THEN x.quantity ELSE 0 END",
        },
        "mass_line x JOIN mass_sale s ON s.n = x.n",
    )
    insert(
        OrderSplit,
        {"order_id": "s.n", "created_at": "s.booked_at", "updated_at": "s.booked_at", "user_id": "c.user_id",
         "kind": "'revenue'", "percent": "c.percent", "amount": "s.net * c.percent / 100"},
        f"{CREDITED} ORDER BY s.n, c.id",
    )  # fmt: skip
    was = array(("draft", "booked", "in_fulfillment", "fulfilled"))
    before_images(
        Order,
        {"version": "v", "status": f"({was})[v]", "booked_at": "CASE WHEN v > 1 THEN r.booked_at END",
         "booked_on": "CASE WHEN v > 1 THEN r.booked_on END"},
        "r.booked_at + (v - 1) * interval '1 day'",
        f"{Order._meta.db_table} r CROSS JOIN LATERAL generate_series(1, r.version - 1) AS v",
    )  # fmt: skip
    logged(Order, "order.booked", "l.owner_id", "number", "l.booked_at")
    for kind, where in (("order", "true"), ("quote", "deal IS NOT NULL")):
        count_on(kind, f"SELECT year, max(place) FROM mass_sale WHERE {where} GROUP BY year")
    return made


def count_on(kind: str, last: str) -> None:
    """The number series goes on behind the last number given; `last` selects (year, number)."""
    insert(
        NumberSeries,
        {"entity_id": str(default_entity().pk), "kind": f"'{kind}'", "year": "y.year", "last": "y.last"},
        f"({last}) AS y (year, last)",
    )


def credits() -> int:
    """What counts for whom, in the currency of the plan that covers the day."""
    plan, rate = PlanAssignment._meta.db_table, ExchangeRate._meta.db_table
    amount = "(x.net * c.percent / 100)"
    euro = f"(SELECT e.rate FROM {rate} e WHERE e.source = 'EUR' AND e.target = 'USD' LIMIT 1)"
    changes = "(s.currency = 'EUR' AND a.id IS NOT NULL)"
    return insert(
        Credit,
        {"payee_id": "c.user_id", "assignment_id": "a.id", "order_id": "s.n", "order_line_id": "x.id", "revision": "1",
         "kind": "CASE WHEN c.percent = 100 THEN 'direct' ELSE 'split' END", "percent": "c.percent", "amount": amount,
         "currency": "s.currency", "fx_rate": f"CASE WHEN {changes} THEN {euro} ELSE 1 END",
         "plan_amount": f"CASE WHEN {changes} THEN round({amount} * {euro}, 2) ELSE {amount} END",
         "plan_currency": "CASE WHEN a.id IS NOT NULL THEN 'USD' ELSE s.currency END",
         "credit_on": "pg_temp.day(s.booked_at)", "source_event": "'orders.OrderBooked:' || s.n",
         "created_at": "s.booked_at"},
        f"{CREDITED} JOIN mass_line x ON x.n = s.n LEFT JOIN {plan} a ON a.user_id = c.user_id "
        "AND a.during @> pg_temp.day(s.booked_at) WHERE s.status <> 'cancelled'",
    )  # fmt: skip
