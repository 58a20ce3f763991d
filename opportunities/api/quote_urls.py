"""Addresses of quotes, approvals and approval rules."""

from rest_framework.routers import SimpleRouter

from opportunities.api import quotes

router = SimpleRouter(trailing_slash=False)
router.register("quotes", quotes.QuoteViewSet, basename="api-quotes")
router.register("approvals", quotes.ApprovalViewSet, basename="api-approvals")
router.register("approval-rules", quotes.ApprovalRuleViewSet, basename="api-approval-rules")
