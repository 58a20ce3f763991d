"""Leads, how they are scored and routed, and how they are handed off."""

from leads.models.campaigns import Campaign, CampaignDay, CampaignMember, CampaignTask, TouchPoint
from leads.models.costs import MarketingCost
from leads.models.cultivation import CultivationPlan
from leads.models.data import Competitor, DataQualityIssue, DataSource, MarketFact
from leads.models.documents import LeadDocument
from leads.models.duplicates import BlockKey, DuplicatePair
from leads.models.engagement import EngagementRule, LeadEngagement, RuleCard, ScoreGroup
from leads.models.enrichment import EnrichmentProvider, EnrichmentRun, LeadFinancials
from leads.models.funnel import FunnelSnapshot
from leads.models.handoff import Handoff
from leads.models.intake import ConsentRecord, IntakeForm
from leads.models.lead import DisqualifyReason, Lead, LeadActivity, LeadQueue
from leads.models.learning import LeadPropensity, LearningSetup, ModelDrift, ScoringModel
from leads.models.mails import Enclosure, ReceivedMessage, SentDocument, SentMessage, TemplateDocument
from leads.models.markets import FitResult, Signal, TargetMarket
from leads.models.partners import LeadLicence, PartnerDelivery, ResearchPartner
from leads.models.promotion import DealRegistration, PartnerContact, PromotionPartner
from leads.models.research import ResearchBrief, ResearchFinding
from leads.models.routing import Assignment, NamedAccount, PoolMember, RoutingPool, RoutingRule
from leads.models.scoring import FitRule, FitScore, QualificationAnswer, QualificationScore, Scorecard
from leads.models.sequences import (
    ContactPolicy,
    Enrollment,
    MessageTemplate,
    Sequence,
    SequenceStep,
)
from leads.models.shares import LeadShare

__all__ = [
    "Competitor",
    "DataQualityIssue",
    "DataSource",
    "LeadLicence",
    "MarketFact",
    "PartnerDelivery",
    "ResearchPartner",
    "CultivationPlan",
    "FunnelSnapshot",
    "Assignment",
    "BlockKey",
    "Campaign",
    "CampaignDay",
    "CampaignMember",
    "CampaignTask",
    "ConsentRecord",
    "ContactPolicy",
    "DealRegistration",
    "DisqualifyReason",
    "DuplicatePair",
    "EngagementRule",
    "EnrichmentProvider",
    "Enrollment",
    "EnrichmentRun",
    "FitRule",
    "FitResult",
    "FitRule",
    "FitScore",
    "Handoff",
    "IntakeForm",
    "Lead",
    "LeadActivity",
    "LeadDocument",
    "LeadEngagement",
    "LeadFinancials",
    "LeadPropensity",
    "LeadQueue",
    "LeadShare",
    "LearningSetup",
    "ModelDrift",
    "MarketingCost",
    "MessageTemplate",
    "PartnerContact",
    "NamedAccount",
    "PoolMember",
    "PromotionPartner",
    "QualificationAnswer",
    "QualificationScore",
    "ReceivedMessage",
    "ResearchBrief",
    "ResearchFinding",
    "RoutingPool",
    "RoutingRule",
    "RuleCard",
    "ScoreGroup",
    "Scorecard",
    "ScoringModel",
    "Enclosure",
    "SentDocument",
    "SentMessage",
    "TemplateDocument",
    "Sequence",
    "SequenceStep",
    "Signal",
    "TargetMarket",
    "TouchPoint",
]
