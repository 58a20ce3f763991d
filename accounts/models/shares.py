"""Accounts shared by name."""

from django.db import models

from accounts.models.companies import Account
from revops.users.models.shares import RecordShare, share_indexes, share_rules


class AccountShare(RecordShare):
    """One account for one person or team."""

    record = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="shares")

    class Meta:
        constraints = share_rules("account_share")
        indexes = share_indexes("account_share")
