"""The room's resources."""

from rest_framework.routers import SimpleRouter

from opportunities.api import quote_urls
from opportunities.api.needs import NeedsAnalysisViewSet, NeedViewSet
from opportunities.api.opportunities import HandoffAcceptance, LeadConversion, OpportunityViewSet, PipelineViewSet
from opportunities.api.reasons import LossReasonViewSet
from opportunities.api.team import TeamMemberViewSet

router = SimpleRouter(trailing_slash=False)
router.register("opportunities", OpportunityViewSet, basename="api-opportunity")
router.register("pipelines", PipelineViewSet, basename="api-pipeline")
router.register("loss-reasons", LossReasonViewSet, basename="api-loss-reasons")
router.register("needs-analyses", NeedsAnalysisViewSet, basename="api-needs-analysis")
router.register("needs", NeedViewSet, basename="api-need")
router.register("opportunity-team-members", TeamMemberViewSet, basename="api-deal-team")
router.register("handoffs", HandoffAcceptance, basename="api-handoff-acceptance")
router.register("leads", LeadConversion, basename="api-lead-conversion")

urlpatterns = [*router.urls, *quote_urls.router.urls]
