"""Companies, people, and what we do with them."""

from accounts.models.activities import Activity
from accounts.models.companies import Account, Contact, Territory

__all__ = ["Account", "Activity", "Contact", "Territory"]
