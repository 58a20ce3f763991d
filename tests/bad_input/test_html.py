"""HTML in every text field of every form and serializer; then every page that shows it, as text and never as markup."""

import itertools
import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.test import Client
from django.urls import get_resolver
from pypdf import PdfReader
from rest_framework import serializers

from leads.models import DisqualifyReason, Lead
from opportunities.models import ApprovalRule, Opportunity, Quote
from orders.models import Order
from orders.services import receive_payment
from postsales.models import SupportCase
from revops.core.api.serializers import StrictSerializer
from revops.integrations.models import SystemChangeRequest
from revops.users import roles
from revops.users.models import User
from tests.accounts.builders import make_account, make_call, make_contact
from tests.bad_input.doors import fill_side_doors
from tests.bad_input.growth import fill_growth
from tests.bad_input.sequences import fill_sequences
from tests.builders import make_product, make_user
from tests.cast import Cast
from tests.forecasting.pay import month
from tests.integrations.files import imported
from tests.leads.builders import make_handoff, make_lead, make_qualified_lead
from tests.opportunities.quote_builders import make_deal, make_quote, make_sent_quote, the_book
from tests.orders.builders import make_invoice, make_order
from tests.postsales.builders import make_case

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]
ROOMS = ("accounts", "leads", "opportunities", "orders", "postsales", "forecasting", "revops")
RAW = re.compile(r"<i>[\w.]+</i>|<i>[\w.]{1,60}$|<script>hurt")
# Words that choose something and are stored nowhere as they came.
NO_TEXT = {
    "revops.users.forms.TokenForm.single",
    "revops.integrations.forms.ShapeForm.system",
    "revops.integrations.forms.UploadForm.system",
    "revops.integrations.api.serializers.ExportIn.list",
    "revops.integrations.api.serializers.MappingIn.system",
    "revops.integrations.api.serializers.MappingIn.sheet",
    "revops.integrations.api.serializers.UploadIn.system",
    "revops.integrations.api.serializers.UploadIn.kind",
}


def below(cls: type) -> Iterator[type]:
    for child in cls.__subclasses__():
        yield child
        yield from below(child)


def text_fields() -> set[str]:
    """module.Class.field of every plain text field that a person or a program can fill."""
    assert get_resolver().url_patterns  # reads every screen and every resource
    found = set()
    for cls in {*below(forms.Form), *below(StrictSerializer)}:
        if not cls.__module__.startswith(ROOMS) or cls.__module__ == "revops.core.views.specimens":
            continue
        fields = getattr(cls, "base_fields", None) or getattr(cls, "_declared_fields", {})
        kinds = (forms.CharField, serializers.CharField)
        found |= {f"{cls.__module__}.{cls.__name__}.{n}" for n, field in fields.items() if type(field) in kinds}
    return found - NO_TEXT


class Walk:
    """Fills forms and bodies with marked HTML, and remembers which fields it has filled."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.filled: set[str] = set()
        self.serial = itertools.count(1)

    def texts(self, cls: Any, **fixed: Any) -> dict[str, Any]:
        """Every text field of the class with its own name in a tag; `fixed` are those that obey a form of their own."""
        fields = getattr(cls, "base_fields", None) or cls._declared_fields
        values: dict[str, Any] = {}
        for name, field in fields.items():
            if type(field) in (forms.CharField, serializers.CharField):
                longest = getattr(field, "max_length", None) or 200
                values[name] = f"<i>{cls.__name__}.{name}</i>"[:longest]
                self.filled.add(f"{cls.__module__}.{cls.__name__}.{name}")
        if "email" in values:
            values["email"] = f"walk{next(self.serial)}@nowhere.example"
        values.pop("attendees", None)  # addresses, which take no words at all
        return values | fixed

    def page(self, url: str, cls: Any, /, *, key: str = "form", **fixed: Any) -> Any:
        """Open a page, fill its form, send it."""
        shown = self.client.get(url)
        assert shown.status_code == 200, (url, shown.status_code)
        form = shown.context[key]
        assert isinstance(form, cls), (url, type(form))
        data = {name: form[name].value() for name in form.fields}
        record = shown.context.get("record")
        version = shown.context.get("version") or getattr(record, "version", "")
        data = {name: value for name, value in data.items() if value not in (None, "")}
        for name, field in form.fields.items():
            if name not in data and field.required and isinstance(field, forms.ChoiceField):
                data[name] = next(str(key) for key, _label in field.choices if key not in (None, ""))
        return self.send(url, data | self.texts(cls, **fixed) | {"version": version or 1})

    def send(self, url: str, data: dict[str, Any]) -> Any:
        answer = self.client.post(url, data)
        wrong = _form_errors(answer)
        assert answer.status_code in (200, 204, 302), (url, answer.status_code, wrong, answer.content[-600:])
        return answer

    def act(self, url: str, record: Any, cls: Any, **fixed: Any) -> Any:
        record.refresh_from_db()
        return self.send(url, self.texts(cls) | {"version": record.version} | fixed)

    def api(self, method: str, path: str, cls: Any, record: Any = None, **fixed: Any) -> Any:
        heads = {"X-Allow-Duplicate": "true"}
        if record is not None:
            record.refresh_from_db()
            heads["If-Match"] = f'"{record.version}"'
        body = json.dumps({**self.texts(cls), **fixed}, default=str)
        answer = getattr(self.client, method)(f"/api/v1{path}", body, content_type="application/json", headers=heads)
        assert answer.status_code < 300, (method, path, answer.status_code, answer.content[:800])
        return answer.json() if answer.content else {}

    def hand_in(self, path: str, cls: Any, record: Any = None, **fixed: Any) -> Any:
        """A file over the API, with words beside it."""
        heads = {}
        if record is not None:
            record.refresh_from_db()
            heads["If-Match"] = f'"{record.version}"'
        answer = self.client.post(f"/api/v1{path}", {**self.texts(cls), **fixed}, headers=heads)
        assert answer.status_code == 201, (path, answer.status_code, answer.content[:800])
        return answer.json()


def _form_errors(answer: Any) -> list[Any]:
    """What any form of the answered page refused."""
    layers = [layer for context in answer.context or () for layer in getattr(context, "dicts", [context])]
    values = [value for layer in layers for value in layer.values()]
    return [dict(value.errors) for value in values if isinstance(value, forms.BaseForm) and value.errors][:1]


@pytest.fixture
def ada(cast: Cast) -> User:
    """Somebody who may do everything."""
    return make_user("ada", roles=roles.ROLES, reach="all", is_superuser=True, is_staff=True)


def fill_accounts(walk: Walk, ada: User) -> None:
    from accounts import forms as f
    from accounts.api import serializers as s

    walk.page("/accounts/new/", f.AccountForm)
    account = make_account(ada)
    walk.page(f"/accounts/{account.pk}/edit/", f.AccountForm)
    walk.page(f"/contacts/new/?account={account.pk}", f.ContactForm, account=account.pk)
    walk.act(f"/accounts/{account.pk}/log/", account, f.LogForm, kind="call", next_at="2030-01-02T10:00")
    walk.api("post", "/accounts", s.AccountIn)
    walk.api("post", "/contacts", s.ContactIn, account=account.pk)
    walk.api("post", "/activities", s.ActivityIn, kind="note", account=account.pk, happened_at="2026-01-02T10:00:00Z")
    task = walk.api("post", "/tasks", s.TaskIn, account=account.pk, due_at="2030-01-02T10:00:00Z")
    call = make_call(account)
    walk.api("patch", f"/tasks/{task['id']}", s.ActivityChange)
    walk.api("post", f"/tasks/{task['id']}/complete", s.OutcomeIn)
    walk.api("post", f"/accounts/{make_account(ada).pk}/archive", s.ReasonIn)
    from accounts import forms_territories as t
    from accounts.models import TerritoryModel

    walk.page("/territories/models/new/", t.TerritoryModelForm, copy_of="")
    plan = TerritoryModel.objects.latest("pk")
    walk.page(f"/territories/models/{plan.pk}/add/", t.TerritoryRuleForm, territory="")
    assert call.pk and make_contact(account, "<i>built</i>").pk


def fill_leads(walk: Walk, ada: User, cast: Cast) -> None:
    from leads import forms as f
    from leads.api import serializers as s

    make_lead(ada)
    walk.page("/leads/new/", f.NewLeadForm)
    lead = Lead.objects.latest("pk")
    walk.page(f"/leads/{lead.pk}/edit/", f.LeadForm)
    walk.act(f"/leads/{lead.pk}/package/", lead, f.PackageForm)
    reason = DisqualifyReason.objects.first()
    assert reason
    walk.act(f"/leads/{lead.pk}/disqualify/", lead, f.DisqualifyForm, reason=reason.pk)
    from leads.api import data as d
    from leads.api.routing import NamedAccountIn
    from opportunities.api.needs import NeedIn, NewNeedIn
    from opportunities.forms_needs import NeedForm

    walk.api("post", "/named-accounts", NamedAccountIn, user=ada.pk)
    walk.api("post", "/competitors", d.CompetitorIn)
    walk.api("post", "/research-partners", d.ResearchPartnerIn)
    study = walk.api("post", "/data-sources", d.DataSourceIn)
    walk.api("post", "/market-facts", d.MarketFactIn, value="1", as_of="2026-01-31", source=study["id"])
    ready = make_qualified_lead(ada)
    walk.page(f"/leads/{ready.pk}/needs/", NeedForm, kind="need", level="user", origin="stated")
    analysis = ready.needs_analyses.get()
    need = walk.api("post", "/needs", NewNeedIn, analysis=analysis.pk)
    walk.api("patch", f"/needs/{need['id']}", NeedIn)
    walk.act(f"/leads/{ready.pk}/handoff/", ready, f.HandoffForm, to_user=cast.alice.pk)
    handoff = make_handoff(cast.sam, ada)
    why = str(f.RejectForm.REASONS[0])
    walk.act(f"/handoffs/{handoff.pk}/reject/", handoff, f.RejectForm, reason=why)
    made = walk.api("post", "/leads", s.NewLeadIn, external_system="walk")
    record = Lead.objects.get(pk=made["id"])
    walk.api("patch", f"/leads/{record.pk}", s.LeadIn, record)
    walk.api("post", f"/leads/{record.pk}/disqualify", s.DisqualifyIn, record, reason=reason.pk)
    other = make_qualified_lead(ada)
    walk.api("post", f"/leads/{other.pk}/handoff", s.HandoffIn, other, to_user=cast.alice.pk)
    handoff = make_handoff(cast.sam, ada)
    walk.api("post", f"/handoffs/{handoff.pk}/reject", s.RejectIn, handoff)


def fill_deals(walk: Walk, ada: User, seller: User) -> None:
    from accounts.api.hanging import RecordActivityIn
    from accounts.forms import LogForm
    from opportunities import forms as f
    from opportunities import forms_quotes as q
    from opportunities.api import quote_serializers as qs
    from opportunities.api import serializers as s
    from opportunities.views.editing import TeamForm

    deal = make_deal(ada)
    walk.page("/opportunities/new/", f.OpportunityForm, account=deal.account_id, owner=ada.pk)
    walk.page(f"/opportunities/{deal.pk}/edit/", f.OpportunityForm)
    walk.act(f"/opportunities/{deal.pk}/log/", deal, LogForm, kind="call", next_at="2030-01-02T10:00")
    made = walk.api("post", "/opportunities", s.OpportunityIn, account=deal.account_id, owner=ada.pk)
    record = Opportunity.objects.get(pk=made["id"])
    walk.api("patch", f"/opportunities/{record.pk}", s.FactsIn, record)
    walk.api("post", f"/opportunities/{record.pk}/advance", s.AdvanceIn, record, stage="discover_needs")
    happened = {"kind": "note", "happened_at": "2026-01-02T10:00:00Z"}
    walk.api("post", f"/opportunities/{record.pk}/activities", RecordActivityIn, **happened)
    money = {"amount": "5.00", "currency": "USD"}
    closing = {"outcome": "won", "amount": money, "close_on": "2026-12-01"}
    walk.api("post", f"/opportunities/{record.pk}/close", s.CloseIn, record, **closing)
    walk.api("post", f"/opportunities/{record.pk}/reopen", s.ReopenIn, record)
    asked = {f"team-{name}": value for name, value in walk.texts(TeamForm, user=ada.pk).items()}
    walk.send("/opportunities/list/", {"action": "team", "pk": [deal.pk], **asked})
    walk.send("/opportunities/list/?q=x", {"do": "view-create", "name": "<i>SavedView.name</i>"})
    fill_quotes(walk, ada, seller, q, qs)


def fill_quotes(walk: Walk, ada: User, seller: User, q: Any, qs: Any) -> None:
    deal, product = make_deal(ada), make_product("<i>product</i>", price=100, cost=5, book=the_book())
    walk.page(f"/opportunities/{deal.pk}/quotes/new/", q.QuoteForm, product=product.pk, quantity="1")
    for cls, verb in ((q.AcceptForm, "accept"), (q.ReasonForm, "reject")):
        quote = make_sent_quote(ada)
        walk.act(f"/quotes/{quote.pk}/{verb}/", quote, cls)
    line = walk.texts(qs.LineIn, product=product.pk, quantity="1")
    deal = make_deal(ada)
    made = walk.api("post", "/quotes", qs.QuoteIn, opportunity=deal.pk, lines=[line])
    record = Quote.objects.get(pk=made["id"])
    walk.api("patch", f"/quotes/{record.pk}", qs.QuotePatch, record)
    for cls, verb in ((qs.AcceptIn, "accept"), (qs.ReasonIn, "reject")):
        quote = make_sent_quote(ada)
        walk.api("post", f"/quotes/{quote.pk}/{verb}", cls, quote)
    much = {"amount": "1000000.00", "currency": "USD"}
    made = walk.api("post", "/approval-rules", qs.RuleIn, priority=90, approvers=["Finance"], min_amount=much)
    walk.api("patch", f"/approval-rules/{made['id']}", qs.RulePatch, ApprovalRule.objects.get(pk=made["id"]))
    waiting = _waiting(seller)
    walk.act(f"/deal-desk/{waiting.pk}/approve/", waiting, q.NoteForm)
    waiting = _waiting(seller)
    walk.api("post", f"/approvals/{waiting.pk}/approve", qs.NoteIn, waiting)


def _waiting(seller: User) -> Any:
    """A quote below the margin limit, at its first approver."""
    from opportunities import services
    from opportunities.models import ApprovalRequest

    quote = make_quote(seller, net=300000, margin=10)
    services.submit_quote(quote=quote, version=quote.version, actor=seller)
    return ApprovalRequest.objects.latest("pk")


def fill_orders(walk: Walk, ada: User) -> None:
    from accounts.forms import LogForm
    from orders import forms as f
    from orders.api import serializers as s

    order = make_order(ada)
    line = order.lines.get()
    walk.act(f"/orders/{order.pk}/log/", order, LogForm, kind="call", next_at="2030-01-02T10:00")
    walk.act(f"/orders/{order.pk}/fulfil/", order, f.FulfilForm, **{f"line_{line.pk}": "1"})
    invoice = make_invoice(ada, ada)
    walk.act(f"/billing/invoices/{invoice.pk}/credit/", invoice, f.CreditForm, amount="1")
    walk.page("/billing/payments/new/", f.PaymentForm, account=invoice.account_id, amount="3", received_on="2026-01-02")
    paid = receive_payment(actor=ada, account=invoice.account, amount=5, currency="USD", reference="R-9")
    walk.act(f"/billing/payments/{paid.pk}/reverse/", paid, f.ReasonForm)
    product = make_product(price=5, cost=1, book=the_book())
    draft = {"account": order.account_id, "lines": [{"product": product.pk, "quantity": "1"}]}
    made = walk.api("post", "/orders", s.OrderIn, **draft)
    record = Order.objects.get(pk=made["id"])
    walk.api("patch", f"/orders/{record.pk}", s.OrderPatch, record)
    walk.api("post", f"/orders/{record.pk}/cancel", s.CancelIn, record)
    order = make_order(ada)
    rows = [{"line": order.lines.get().pk, "quantity": "1"}]
    walk.api("post", f"/orders/{order.pk}/fulfillments", s.FulfillmentIn, order, lines=rows)
    invoice = make_invoice(ada, ada)
    money = {"amount": "1.00", "currency": "USD"}
    walk.api("post", f"/invoices/{invoice.pk}/credit-notes", s.CreditNoteIn, invoice, amount=money)
    walk.api("post", "/payments", s.PaymentIn, account=invoice.account_id, amount=money)
    paid = receive_payment(actor=ada, account=invoice.account, amount=5, currency="USD", reference="R-10")
    walk.api("post", f"/payments/{paid.pk}/reverse", s.ReverseIn, paid)


def fill_cases(walk: Walk, ada: User) -> None:
    from accounts.forms import LogForm
    from postsales import forms as f
    from postsales.api import serializers as s

    account = make_account(ada, name="Case Ltd")
    walk.page("/support/new/", f.CaseForm, account=account.pk)
    case = SupportCase.objects.latest("pk")
    walk.page(f"/support/{case.pk}/edit/", f.EditForm)
    walk.act(f"/support/{case.pk}/log/", case, LogForm, kind="call", next_at="2030-01-02T10:00")
    walk.act(f"/support/{case.pk}/note/", case, f.BodyForm)
    made = walk.api("post", "/cases", s.CaseIn, account=account.pk)
    record = SupportCase.objects.get(pk=made["id"])
    walk.api("patch", f"/cases/{record.pk}", s.CasePatch, record)
    walk.api("post", f"/cases/{record.pk}/note", s.BodyIn, record)
    case = make_case(account)
    walk.api("post", f"/cases/{case.pk}/reply", s.BodyIn, case)
    walk.api("post", f"/cases/{case.pk}/resolve", s.BodyIn, case)
    walk.api("post", f"/cases/{case.pk}/reopen", s.ReasonIn, case)
    walk.page("/support/new/", f.CaseForm, account=account.pk)  # one that keeps what the form said


def fill_frame(walk: Walk, ada: User) -> None:
    from forecasting.api.quotas import ReopenPeriodIn
    from revops.catalog.api import serializers as c
    from revops.integrations import forms as f
    from revops.integrations.api import serializers as s
    from revops.users.forms import TokenForm

    period = month("2025-01")
    for verb in ("review", "close"):
        period.refresh_from_db()
        tag = {"If-Match": f'"{period.version}"'}
        assert walk.client.post(f"/api/v1/periods/{period.pk}/{verb}", headers=tag).status_code == 200
    walk.api("post", f"/periods/{period.pk}/reopen", ReopenPeriodIn, period)
    made = walk.api("post", "/products", c.ProductIn, kind="goods")
    walk.api("patch", f"/products/{made['id']}", c.ProductPatch, sku="<b>2")
    walk.page("/settings/tokens/", TokenForm, single="leads:read")
    walk.page("/change-requests/new/", f.ChangeRequestForm, sponsor=ada.pk)
    change = SystemChangeRequest.objects.latest("pk")
    for verb in ("approve", "complete"):
        change.refresh_from_db()
        walk.send(f"/change-requests/{change.pk}/{verb}/", {"version": change.version})
    walk.act(f"/change-requests/{change.pk}/measure/", change, f.BenefitForm)
    made = walk.api("post", "/change-requests", s.ChangeRequestIn, sponsor=ada.pk)
    for verb in ("approve", "complete"):
        walk.client.post(f"/api/v1/change-requests/{made['id']}/{verb}")
    walk.api("post", f"/change-requests/{made['id']}/measure", s.BenefitIn)
    imported("leads", "<i>Head</i>,Company,E-mail\n<i>cell.one</i>,<i>cell.two</i>,<i>cell.bad</i>\n", ada,
             {"<i>Head</i>": "last_name", "Company": "company", "E-mail": "email"})  # fmt: skip


LISTS = (
    "/my-day/", "/dashboard/", "/forecast/", "/leads/", "/accounts/", "/contacts/", "/activities/", "/opportunities/",
    "/opportunities/list/", "/quotes/", "/orders/", "/billing/invoices/", "/billing/payments/", "/billing/aging/",
    "/support/", "/products/", "/imports/", "/change-requests/", "/handoffs/inbox/", "/deal-desk/", "/comp/statements/",
    "/settings/tokens/", "/command/?q=form", "/command/?q=In.name",
)  # fmt: skip
EXPORTS = ("leads", "accounts", "contacts", "opportunities/list", "quotes", "orders", "support", "imports")
ADMIN = ("accounts/account", "leads/lead", "opportunities/opportunity", "catalog/product", "core/auditentry")


def pages() -> Iterator[str]:
    """Lists, boards, exports, admin; and the page of every record that has one."""
    yield from LISTS
    yield from (f"/{name}/?export=csv" for name in EXPORTS)
    yield from (f"/{name}/?panel=1" for name in EXPORTS)
    yield from (f"/admin/{name}/" for name in ADMIN)
    for model in apps.get_models():
        if model.__module__.startswith(ROOMS) and hasattr(model, "get_absolute_url"):
            for record in model._base_manager.all():
                yield record.get_absolute_url()


# Asks, and stores nothing; asks of a campaign that is over.
NOT_FILLED = ("leads.forms_routing.TestForm", "leads.forms_campaigns.FindingsForm", "leads.api.campaigns.FindingsIn")


def test_html_in_any_text_field_is_shown_as_text_everywhere(
    cast: Cast, ada: User, settings: Any, tmp_path: Path
) -> None:
    settings.API_RATE_PER_MINUTE, settings.MEDIA_ROOT = 10**9, tmp_path
    walk = Walk(Client())
    walk.client.force_login(ada)
    fill_accounts(walk, ada)
    fill_leads(walk, ada, cast)
    fill_growth(walk, ada)
    fill_deals(walk, ada, cast.alice)
    fill_orders(walk, ada)
    fill_cases(walk, ada)
    fill_frame(walk, ada)
    fill_side_doors(walk, ada, cast)
    fill_sequences(walk, ada)
    left = {name for name in text_fields() - walk.filled if not name.startswith(NOT_FILLED)}
    assert not left, "text fields that no door of this walk fills:\n" + "\n".join(sorted(left))
    raw, shown = [], set()
    for url in dict.fromkeys(pages()):
        answer = walk.client.get(url)
        # What somebody else was told of is theirs alone.
        assert answer.status_code in ((200, 302, 404) if url.startswith("/notifications/") else (200, 302)), (
            url,
            answer.status_code,
        )
        body = (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()
        if answer.headers["Content-Type"].startswith("text/html"):
            raw += [f"{url}: {found}" for found in RAW.findall(body)]
            shown |= set(re.findall(r"&lt;i&gt;([\w.]+)&lt;/i&gt;", body))
    assert RAW.search("<td><i>AccountForm.name</i></td>"), "or nothing would ever be found"
    assert not raw, "\n".join(raw[:40])
    for name in ("AccountForm.name", "NewLeadIn.company", "OpportunityForm.name", "CaseForm.subject", "BodyIn.body"):
        assert name in shown, (name, sorted(shown))
    assert_documents_show_text(walk)


def assert_documents_show_text(walk: Walk) -> None:
    """PDF and export hold the very characters."""
    quote = Quote.objects.filter(terms__contains="QuoteForm.terms").latest("pk")
    answer = walk.client.get(f"/quotes/{quote.pk}/pdf/")
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)
    assert "<i>QuoteForm.terms</i>" in text
    exported = b"".join(walk.client.get("/accounts/?export=csv").streaming_content).decode()
    assert "<i>AccountForm.name</i>" in exported
