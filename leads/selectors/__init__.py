"""Reads that have a shape."""
