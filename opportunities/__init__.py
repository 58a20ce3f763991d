"""Pipeline, quotes and the deal desk."""
