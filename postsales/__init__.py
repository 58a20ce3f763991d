"""Care after the sale: cases and their service levels."""
