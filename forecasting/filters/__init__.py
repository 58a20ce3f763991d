"""FilterSets, shared by pages and API."""
