from rest_framework.routers import SimpleRouter

from leads.api import (
    campaigns,
    cultivation,
    data,
    enrichment,
    intake,
    mail,
    markets,
    promotion,
    research,
    routing,
    scoring,
    sequences,
    settings,
)
from leads.api.duplicates import DuplicateViewSet
from leads.api.views import HandoffViewSet, LeadViewSet

router = SimpleRouter(trailing_slash=False)
router.register("leads", LeadViewSet, basename="api-leads")
router.register("duplicates", DuplicateViewSet, basename="api-duplicates")
router.register("handoffs", HandoffViewSet, basename="api-handoffs")
router.register("scoring-models", scoring.ScoringModelViewSet, basename="api-scoring-models")
router.register("rule-cards", scoring.RuleCardViewSet, basename="api-scoring-cards")
router.register("score-groups", scoring.ScoreGroupViewSet, basename="api-scoring-groups")
router.register("engagement-rules", scoring.EngagementRuleViewSet, basename="api-scoring-rules")
router.register("scorecards", settings.ScorecardViewSet, basename="api-scorecards")
router.register("fit-rules", settings.FitRuleViewSet, basename="api-fit-rules")
router.register("routing-rules", settings.RoutingRuleViewSet, basename="api-routing-rules")
router.register("cultivation-plans", cultivation.CultivationPlanViewSet, basename="api-cultivation")
router.register("named-accounts", routing.NamedAccountViewSet, basename="api-routing-named-accounts")
router.register("routing-pools", settings.RoutingPoolViewSet, basename="api-routing-pools")
router.register("lead-queues", settings.LeadQueueViewSet, basename="api-routing-queues")
router.register("disqualify-reasons", settings.DisqualifyReasonViewSet, basename="api-disqualify-reasons")
router.register("enrichment-providers", enrichment.EnrichmentProviderViewSet, basename="api-enrichment-providers")
router.register("enrichment-runs", enrichment.EnrichmentRunViewSet, basename="api-enrichment-runs")
router.register("research-partners", data.ResearchPartnerViewSet, basename="api-research-partners")
router.register("competitors", data.CompetitorViewSet, basename="api-competitors")
router.register("data-sources", data.DataSourceViewSet, basename="api-data-sources")
router.register("market-facts", data.MarketFactViewSet, basename="api-market-facts")
router.register("data-quality/issues", data.QualityIssueViewSet, basename="api-quality-issues")
router.register("research-briefs", research.ResearchBriefViewSet, basename="api-research-briefs")
router.register("target-markets", markets.TargetMarketViewSet, basename="api-target-markets")
router.register("campaigns", campaigns.CampaignViewSet, basename="api-campaigns")
router.register("campaign-members", campaigns.CampaignMemberViewSet, basename="api-campaign-members")
router.register("touch-points", campaigns.TouchPointViewSet, basename="api-touch-points")
router.register("marketing-costs", campaigns.MarketingCostViewSet, basename="api-marketing-costs")
router.register("intake-forms", intake.IntakeFormViewSet, basename="api-intake-forms")
router.register("promotion-partners", promotion.PromotionPartnerViewSet, basename="api-promotion-partners")
router.register("deal-registrations", promotion.DealRegistrationViewSet, basename="api-deal-registrations")
router.register("sequences", sequences.SequenceViewSet, basename="api-sequences")
router.register("enrollments", sequences.EnrollmentViewSet, basename="api-enrollments")
router.register("message-templates", sequences.MessageTemplateViewSet, basename="api-message-templates")
router.register("sent-messages", mail.SentMessageViewSet, basename="api-sent-messages")
router.register("received-messages", mail.ReceivedMessageViewSet, basename="api-received-messages")
router.register("contact-policies", mail.ContactPolicyViewSet, basename="api-contact-policies")

urlpatterns = router.urls
