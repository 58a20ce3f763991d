"""Quotes, the approvals that they need, and the rules that ask for them."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from opportunities import services
from opportunities.api.quote_serializers import (
    AcceptIn,
    ApprovalOut,
    NoteIn,
    QuoteIn,
    QuoteOut,
    QuotePatch,
    ReasonIn,
    RuleIn,
    RuleOut,
    RulePatch,
)
from opportunities.filters_quotes import ApprovalFilter, QuoteFilter, RuleFilter
from opportunities.pdf import quote_pdf
from opportunities.selectors.approvals import approval_list, rule_list
from opportunities.selectors.quotes import quote_full
from revops.catalog.selectors import default_book
from revops.core import clock
from revops.core.api.serializers import StrictSerializer
from revops.core.api.views import ResourceViewSet
from revops.core.api.writes import BulkMixin
from revops.core.errors import DomainError


class QuoteViewSet(BulkMixin):
    """Priced offers. Every change needs If-Match."""

    resource = "quotes"
    selector = staticmethod(quote_full)
    out = QuoteOut
    create_in, change_in = QuoteIn, QuotePatch
    needs_tag = True
    rights = {
        **dict.fromkeys(("create", "revise"), "opportunities.add_quote"),
        **dict.fromkeys(
            ("partial_update", "submit", "recall", "send", "accept", "reject"), "opportunities.change_quote"
        ),
    }
    filterset_class = QuoteFilter
    sort_fields = {"id": "id", "number": "number", "valid_until": "valid_until", "created_at": "created_at"}

    def create(self, request: Request) -> Response:
        """A draft from a price book (default: the one of the deal's currency)."""
        fields = self.read(QuoteIn)
        book = fields.get("price_book") or default_book(fields["opportunity"].currency, clock.today())
        quote = services.create_quote(actor=request.user, **_in_coins(fields, book.currency))
        return self.again(quote, 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what was not sent; `lines` replaces all lines. Approvals given before are void."""
        quote, version = self.record(pk), self.shown_version(request, required=True)
        fields = self.read(QuotePatch)
        book = fields.get("price_book") or quote.price_book
        fields = _in_coins(fields, book.currency)
        return self.again(services.update_quote(quote=quote, version=version, actor=request.user, **fields))

    def _verb(
        self, request: Request, pk: str, service: Callable[..., Any], body: type[StrictSerializer] | None = None
    ) -> Response:
        quote, version = self.record(pk), self.shown_version(request, required=True)
        fields = self.read(body) if body else {}
        return self.again(service(quote=quote, version=version, actor=request.user, **fields))

    @extend_schema(request=None, responses=QuoteOut)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: str) -> Response:
        """Ask for approval; approved at once when no rule fires."""
        return self._verb(request, pk, services.submit_quote)

    @extend_schema(request=None, responses=QuoteOut)
    @action(detail=True, methods=["post"])
    def recall(self, request: Request, pk: str) -> Response:
        """Take a submission back."""
        return self._verb(request, pk, services.recall_quote)

    @extend_schema(request=None, responses=QuoteOut)
    @action(detail=True, methods=["post"])
    def send(self, request: Request, pk: str) -> Response:
        """Offer it to the customer: prices and terms are frozen."""
        return self._verb(request, pk, services.send_quote)

    @extend_schema(request=AcceptIn, responses=QuoteOut)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """The customer says yes: the deal is won and its order booked."""
        return self._verb(request, pk, services.accept_quote, AcceptIn)

    @extend_schema(request=ReasonIn, responses=QuoteOut)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """The customer says no."""
        return self._verb(request, pk, services.reject_quote, ReasonIn)

    @extend_schema(request=None, responses={201: QuoteOut})
    @action(detail=True, methods=["post"])
    def revise(self, request: Request, pk: str) -> Response:
        """A new draft that takes the place of a sent, rejected or expired quote."""
        quote, version = self.record(pk), self.shown_version(request, required=True)
        return self.again(services.revise_quote(quote=quote, version=version, actor=request.user), 201)

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def pdf(self, request: Request, pk: str) -> HttpResponse:
        """The document that the customer gets."""
        quote = self.record(pk)
        answer = HttpResponse(quote_pdf(quote), content_type="application/pdf")
        answer["Content-Disposition"] = f'inline; filename="{quote.number}.pdf"'
        return answer


def _in_coins(fields: dict[str, Any], currency: str) -> dict[str, Any]:
    """Amounts as plain decimals once they are in the document's currency."""
    for name in ("discount", "shipping"):
        value = fields.get(name)
        if value is None:
            continue
        if value.currency != currency:
            raise DomainError("mixed_currencies", f"This quote is in {currency}, not in {value.currency}.")
        fields[name] = value.amount
    return fields


class ApprovalViewSet(ResourceViewSet):
    """Submitted quotes and who has decided."""

    resource = "approvals"
    selector = staticmethod(approval_list)
    out = ApprovalOut
    needs_tag = True
    rights = {"approve": None, "reject": None}
    filterset_class = ApprovalFilter
    sort_fields = {"id": "id", "created_at": "created_at"}

    @extend_schema(request=NoteIn, responses=ApprovalOut)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Yes, from whose turn it is."""
        approval, version = self.record(pk), self.shown_version(request, required=True)
        note = self.read(NoteIn).get("note", "")
        services.approve_quote_step(approval=approval, version=version, actor=request.user, note=note)
        return self.again(approval)

    @extend_schema(request=NoteIn, responses=ApprovalOut)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """No, and why: the quote is a draft again."""
        approval, version = self.record(pk), self.shown_version(request, required=True)
        note = self.read(NoteIn).get("note", "")
        services.reject_quote_step(approval=approval, version=version, actor=request.user, note=note)
        return self.again(approval)


class ApprovalRuleViewSet(BulkMixin):
    """Which quotes need whose approval."""

    resource = "approval-rules"
    selector = staticmethod(rule_list)
    out = RuleOut
    create_in, change_in = RuleIn, RulePatch
    needs_tag = True
    rights = {
        "create": "opportunities.add_approvalrule",
        "partial_update": "opportunities.change_approvalrule",
    }
    filterset_class = RuleFilter
    sort_fields = {"id": "id", "priority": "priority"}
    default_sort = "priority"

    def create(self, request: Request) -> Response:
        """A new limit, obeyed by the next quote."""
        return self.again(services.create_approval_rule(actor=request.user, **_rule(self.read(RuleIn))), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a limit."""
        rule, version = self.record(pk), self.shown_version(request, required=True)
        fields = _rule(self.read(RulePatch))
        return self.again(services.update_approval_rule(rule=rule, version=version, actor=request.user, **fields))


def _rule(fields: dict[str, Any]) -> dict[str, Any]:
    amount = fields.get("min_amount")
    if amount is not None:
        fields["min_amount"], fields["currency"] = amount.amount, amount.currency
    return fields
