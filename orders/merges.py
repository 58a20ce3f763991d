"""Orders and bills when accounts are merged: drafts go along; what was booked, issued or received stays."""

from django.db.models import Q

from orders.models import Order
from revops.core.registries import MergeRelation, merge_relations


def register() -> None:
    """Called once, when the app is ready."""
    merge_relations.register(MergeRelation("orders.order.account", stays=~Q(status=Order.Status.DRAFT)))
    for name in ("invoice", "creditnote", "payment"):
        merge_relations.register(MergeRelation(f"orders.{name}.account", stays=True))
