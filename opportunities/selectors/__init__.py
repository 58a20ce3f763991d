"""Reads of the opportunities app that have a shape."""
