"""Orders, fulfilment, invoices and payments."""
