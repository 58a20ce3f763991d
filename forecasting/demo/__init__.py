"""Demo data: eighteen months of business, written by the services themselves under a travelling clock."""
