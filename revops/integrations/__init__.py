"""Imports, exports and the systems that we exchange data with."""
