"""Leads, how they are scored and routed, and how they are handed off."""

from leads.models.documents import LeadDocument
from leads.models.duplicates import BlockKey, DuplicatePair
from leads.models.engagement import EngagementRule, LeadEngagement, RuleCard, ScoreGroup
from leads.models.enrichment import EnrichmentProvider, EnrichmentRun, LeadFinancials
from leads.models.handoff import Handoff
from leads.models.lead import DisqualifyReason, Lead, LeadActivity, LeadQueue
from leads.models.learning import LeadPropensity, LearningSetup, ModelDrift, ScoringModel
from leads.models.markets import FitResult, Signal, TargetMarket
from leads.models.routing import Assignment, PoolMember, RoutingPool, RoutingRule
from leads.models.scoring import FitRule, FitScore, QualificationAnswer, QualificationScore, Scorecard
from leads.models.shares import LeadShare

__all__ = [
    "EngagementRule",
    "LeadEngagement",
    "RuleCard",
    "ScoreGroup",
    "LeadPropensity",
    "LearningSetup",
    "ModelDrift",
    "ScoringModel",
    "LeadShare",
    "Assignment",
    "BlockKey",
    "DisqualifyReason",
    "DuplicatePair",
    "EnrichmentProvider",
    "EnrichmentRun",
    "FitRule",
    "FitResult",
    "FitScore",
    "Handoff",
    "Lead",
    "LeadActivity",
    "LeadDocument",
    "LeadFinancials",
    "LeadQueue",
    "PoolMember",
    "QualificationAnswer",
    "QualificationScore",
    "RoutingPool",
    "RoutingRule",
    "Scorecard",
    "Signal",
    "TargetMarket",
]
