"""What was delivered, billed and paid of orders by the million."""

from datetime import datetime

from forecasting.demo.mass_orders import count_on
from forecasting.demo.mass_sql import insert, literal, logged, roll, run
from orders.models import (
    Fulfillment,
    FulfillmentLine,
    Invoice,
    InvoiceLine,
    Order,
    OrderLine,
    Payment,
    PaymentAllocation,
)
from revops.core.organisation import default_entity
from revops.users.models import User

DELIVERED = "o.status IN ('fulfilled', 'closed')"


def deliveries(clerk: User) -> int:
    """One shipment or activation of each order that is fulfilled."""
    order, line = Order._meta.db_table, OrderLine._meta.db_table
    at, shipped = "o.booked_at + interval '5 days'", f"{roll('o.id', 609, 2)} = 1"
    made = insert(
        Fulfillment,
        {"id": "o.id", "created_at": at, "updated_at": at, "completed_at": at, "order_id": "o.id", "version": "3",
         "kind": f"CASE WHEN {shipped} THEN 'shipment' ELSE 'activation' END", "created_by_id": str(clerk.pk),
         "status": f"CASE WHEN {shipped} THEN 'shipped' ELSE 'activated' END"},
        f"{order} o WHERE {DELIVERED}",
    )  # fmt: skip
    insert(
        FulfillmentLine,
        {"fulfillment_id": "o.id", "order_line_id": "x.id", "quantity": "x.quantity"},
        f"{line} x JOIN {order} o ON o.id = x.order_id WHERE {DELIVERED}",
    )
    return made


def invoices(clerk: User, end: datetime) -> int:
    """An invoice of each order that is fulfilled, numbered without a gap; nine of ten are paid, in time or nearly."""
    today, order, line = f"pg_temp.day({literal(end)}::timestamptz)", Order._meta.db_table, OrderLine._meta.db_table
    run(f"""
        CREATE TEMP TABLE mass_bill ON COMMIT DROP AS
        WITH billed AS (
            SELECT o.*, o.booked_on + 6 AS issued_on, o.booked_on + 36 AS due_on,
                o.booked_on + 26 + {roll("o.id", 702, 25)} AS paid_on, {roll("o.id", 701, 100)} AS luck
            FROM {order} o WHERE {DELIVERED}
        ), settled AS (
            SELECT *, extract(year FROM issued_on)::int AS year, CASE WHEN paid_on > {today} OR luck > 94 THEN 'issued'
                WHEN luck > 90 THEN 'partially_paid' ELSE 'paid' END AS state FROM billed
        )
        SELECT *, row_number() OVER (PARTITION BY year ORDER BY issued_on, id) AS place,
            CASE state WHEN 'paid' THEN total WHEN 'partially_paid' THEN trunc(total / 2, 2) ELSE 0 END AS paid
        FROM settled""")
    at = "b.booked_at + interval '6 days'"
    made = insert(
        Invoice,
        {"id": "b.id", "created_at": at, "updated_at": at, "version": "CASE b.state WHEN 'issued' THEN 2 ELSE 3 END",
         "entity_id": "b.entity_id", "number": "pg_temp.printed('INV', b.year, b.place)", "year": "b.year",
         "sequence": "b.place", "account_id": "b.account_id", "order_id": "b.id", "status": "b.state",
         "currency": "b.currency", "net": "b.net", "tax": "b.tax", "shipping": "b.shipping", "total": "b.total",
         "paid": "b.paid", "issued_on": "b.issued_on", "due_on": "b.due_on"},
        "mass_bill b",
    )  # fmt: skip
    insert(
        InvoiceLine,
        {"invoice_id": "b.id", "order_line_id": "x.id", "position": "x.position", "description": "x.description",
         "quantity": "x.quantity", "unit_price": "x.unit_price", "net": "x.net", "tax_percent": "x.tax_percent",
         "tax": "x.tax"},
        f"mass_bill b JOIN {line} x ON x.order_id = b.id",
    )  # fmt: skip
    logged(Invoice, "invoice.issued", str(clerk.pk), "number", "l.created_at")
    assert default_entity().is_default  # its invoices carry no code of a legal entity in their numbers
    count_on("invoice", "SELECT year, max(place) FROM mass_bill GROUP BY year")
    _payments(clerk)
    return made


def _payments(clerk: User) -> None:
    """A payment an invoice, allocated in full."""
    at = "b.paid_on + time '10:00'"
    insert(
        Payment,
        {"id": "b.id", "created_at": at, "updated_at": at, "version": "2", "account_id": "b.account_id",
         "reference": "'BANK-' || b.number", "status": "'allocated'", "currency": "b.currency", "amount": "b.paid",
         "allocated": "b.paid", "received_on": "b.paid_on", "created_by_id": str(clerk.pk)},
        "mass_bill b WHERE b.paid > 0",
    )  # fmt: skip
    insert(
        PaymentAllocation,
        {"created_at": at, "updated_at": at, "payment_id": "b.id", "invoice_id": "b.id", "amount": "b.paid"},
        "mass_bill b WHERE b.paid > 0",
    )
    logged(Payment, "payment.received", str(clerk.pk), "reference", "l.created_at")
