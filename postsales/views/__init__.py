"""Screens of post-sales."""
