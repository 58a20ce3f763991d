"""Deals when leads, contacts or accounts are merged: they go along."""

from revops.core.registries import MergeRelation, merge_relations


def register() -> None:
    """Called once, when the app is ready."""
    # A lead that became a deal is not merged away, so two deals never meet at one lead.
    merge_relations.register(MergeRelation("opportunities.opportunity.lead"))
    # An analysis that is open stays with the alias where the winner has one open, too.
    merge_relations.register(MergeRelation("opportunities.needsanalysis.lead"))
