"""Pages of imports and of change requests."""
