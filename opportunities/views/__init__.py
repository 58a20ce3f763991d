"""Screens of deals, quotes and the deal desk."""
