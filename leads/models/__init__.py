"""Leads, how they are scored and routed, and how they are handed off."""

from leads.models.campaigns import Campaign, CampaignDay, CampaignMember, CampaignTask, TouchPoint
from leads.models.costs import MarketingCost
from leads.models.documents import LeadDocument
from leads.models.duplicates import BlockKey, DuplicatePair
from leads.models.engagement import EngagementRule, LeadEngagement, RuleCard, ScoreGroup
from leads.models.enrichment import EnrichmentProvider, EnrichmentRun, LeadFinancials
from leads.models.handoff import Handoff
from leads.models.intake import ConsentRecord, IntakeForm
from leads.models.lead import DisqualifyReason, Lead, LeadActivity, LeadQueue
from leads.models.learning import LeadPropensity, LearningSetup, ModelDrift, ScoringModel
from leads.models.markets import FitResult, Signal, TargetMarket
from leads.models.promotion import DealRegistration, PartnerContact, PromotionPartner
from leads.models.research import ResearchBrief, ResearchFinding
from leads.models.routing import Assignment, NamedAccount, PoolMember, RoutingPool, RoutingRule
from leads.models.scoring import FitRule, FitScore, QualificationAnswer, QualificationScore, Scorecard
from leads.models.shares import LeadShare

__all__ = [
    "EngagementRule",
    "LeadEngagement",
    "Campaign",
    "CampaignDay",
    "CampaignMember",
    "CampaignTask",
    "ConsentRecord",
    "DealRegistration",
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
    "IntakeForm",
    "DuplicatePair",
    "EnrichmentProvider",
    "EnrichmentRun",
    "FitRule",
    "FitResult",
    "FitScore",
    "Handoff",
    "LeadShare",
    "LearningSetup",
    "ModelDrift",
    "MarketingCost",
    "PartnerContact",
    "NamedAccount",
    "Lead",
    "PromotionPartner",
    "LeadActivity",
    "LeadDocument",
    "LeadFinancials",
    "LeadQueue",
    "PoolMember",
    "QualificationAnswer",
    "QualificationScore",
    "ResearchBrief",
    "ResearchFinding",
    "RoutingPool",
    "RoutingRule",
    "Scorecard",
    "TouchPoint",
    "Signal",
    "TargetMarket",
]
