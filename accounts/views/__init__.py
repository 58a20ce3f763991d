"""Screens of accounts, contacts and activities."""
