"""An objection and the handing over of a mail to the same address come one after the other (INV-75)."""

from django.db import connection

# The first half of the advisory lock; the second is the address.
ADDRESS = 7511


def lock_address(email_key: str) -> None:
    """Until this transaction ends nobody else objects for, or sends to, this address."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [ADDRESS, email_key])
