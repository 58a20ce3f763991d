"""Pipeline, quotes, deal desk."""

from opportunities.models.approval import ApprovalRequest, ApprovalRule, ApprovalStep
from opportunities.models.documents import OpportunityDocument, QuoteDocument
from opportunities.models.needs import Need, NeedsAnalysis
from opportunities.models.opportunity import (
    LossReason,
    Opportunity,
    OpportunityActivity,
    OpportunitySplit,
    OpportunityTeamMember,
    StageHistory,
)
from opportunities.models.pipeline import Category, Pipeline, Stage
from opportunities.models.quote import Quote, QuoteLine
from opportunities.models.shares import OpportunityShare

__all__ = [
    "OpportunityShare",
    "ApprovalRequest",
    "ApprovalRule",
    "ApprovalStep",
    "Category",
    "LossReason",
    "Need",
    "NeedsAnalysis",
    "Opportunity",
    "OpportunityActivity",
    "OpportunityDocument",
    "OpportunitySplit",
    "OpportunityTeamMember",
    "Pipeline",
    "Quote",
    "QuoteDocument",
    "QuoteLine",
    "Stage",
    "StageHistory",
]
