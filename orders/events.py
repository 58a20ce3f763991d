"""What happens here that others may need to know."""

from dataclasses import dataclass


@dataclass(frozen=True)
class OrderBooked:
    """A sale is closed: revenue, credit and commission count from here."""

    order_id: int


@dataclass(frozen=True)
class OrderCancelled:
    """An order will not be delivered; if it was booked, its credit goes."""

    order_id: int


@dataclass(frozen=True)
class OrderFulfilled:
    """Everything was shipped or activated."""

    order_id: int


@dataclass(frozen=True)
class LineActivated:
    """A service or subscription runs from now on."""

    order_line_id: int


@dataclass(frozen=True)
class InvoiceIssued:
    """A bill has its number and its due date."""

    invoice_id: int


@dataclass(frozen=True)
class InvoicePaid:
    """Nothing is open on this invoice any more."""

    invoice_id: int
