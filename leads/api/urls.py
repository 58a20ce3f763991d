from rest_framework.routers import SimpleRouter

from leads.api.views import (
    DisqualifyReasonViewSet,
    HandoffViewSet,
    LeadViewSet,
    RoutingRuleViewSet,
    ScorecardViewSet,
)

router = SimpleRouter(trailing_slash=False)
router.register("leads", LeadViewSet, basename="api-leads")
router.register("handoffs", HandoffViewSet, basename="api-handoffs")
router.register("scorecards", ScorecardViewSet, basename="api-scorecards")
router.register("routing-rules", RoutingRuleViewSet, basename="api-routing-rules")
router.register("disqualify-reasons", DisqualifyReasonViewSet, basename="api-disqualify-reasons")

urlpatterns = router.urls
