"""Screens of leads and handoffs."""
