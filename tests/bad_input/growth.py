"""The doors of the walk with tags that prospecting opens: channels, campaigns, partners, markets, goals."""

from typing import Any

from accounts.api.channels import ChannelIn
from accounts.forms_activities import PlannedForm
from accounts.forms_channels import ChannelForm
from accounts.models import Channel
from accounts.services import plan_activity
from forecasting.api.goals import GoalChangeIn, GoalIn, PartIn
from forecasting.forms import GoalChangeForm, GoalForm
from forecasting.models.goals import Goal
from forecasting.models.periods import FiscalPeriod
from forecasting.setup import ensure_periods
from leads import forms_campaigns as f
from leads import market_forms as m
from leads.api import campaigns, enrichment, intake, markets, promotion, research
from leads.models import (
    Campaign,
    DataSource,
    DealRegistration,
    EnrichmentProvider,
    IntakeForm,
    PromotionPartner,
    TargetMarket,
)
from revops.core import clock
from revops.users.models import User
from tests.accounts.builders import make_account
from tests.leads.builders import make_lead

MAIL = "walk@nowhere.example"


def fill_growth(walk: Any, ada: User) -> None:
    walk.page("/channels/new/", ChannelForm)
    walk.page(f"/channels/{Channel.objects.latest('pk').pk}/edit/", ChannelForm, name="<i>other</i>")
    walk.api("post", "/channels", ChannelIn, name="<i>third</i>")
    call = plan_activity(
        actor=ada, kind="call", subject="Call", due_at=clock.now(), account=make_account(ada, "Planned Ltd")
    )
    walk.page(f"/activities/{call.pk}/edit/", PlannedForm, due_at=f"{clock.now():%Y-%m-%dT%H:%M}")
    _campaigns(walk)
    _partners(walk)
    _markets(walk, ada)
    _goals(walk, ada)


def _campaigns(walk: Any) -> None:
    today = str(clock.today())
    days = {"starts_on": today, "ends_on": today}
    walk.page("/campaigns/new/", f.CampaignForm, code="walk-1", **days)
    record = Campaign.objects.latest("pk")
    walk.act(f"/campaigns/{record.pk}/tasks/", record, f.TaskForm, area="marketing")
    walk.act(f"/campaigns/{record.pk}/costs/", record, f.CostForm, amount="5", on=today)
    made = walk.api("post", "/campaigns", campaigns.CampaignIn, code="walk-2", **days)
    other = Campaign.objects.get(pk=made["id"])
    money = {"amount": "5.00", "currency": "USD"}
    walk.api("post", f"/campaigns/{other.pk}/tasks", campaigns.CampaignTaskIn, other, area="marketing")
    walk.api("post", f"/campaigns/{other.pk}/costs", campaigns.CostIn, amount=money, on=today)
    walk.api("post", "/marketing-costs", campaigns.MarketingCostIn, amount=money, on=today)
    walk.api("post", "/touch-points", campaigns.TouchIn, campaign=other.pk, lead=make_lead(None).pk)
    asked = {"key": "walk", "source": "form", "hourly_limit": 60, "asks_company": "on", "asks_message": "on"}
    walk.send("/leads/forms/new/", walk.texts(f.IntakeSettingsForm, is_active="on", allowed_sites="", **asked))
    walk.api("post", "/intake-forms", intake.IntakeFormIn, key="walk-2", source="form")
    shape = IntakeForm.objects.get(key="walk")
    assert shape.asks_company and shape.asks_message
    walk.send("/intake/forms/walk", walk.texts(f.PublicForm, email=MAIL, phone="+49 30 1234567", consent="on"))


def _partners(walk: Any) -> None:
    walk.page("/leads/partners/new/", f.PartnerForm)
    partner = PromotionPartner.objects.latest("pk")
    walk.act(f"/leads/partners/{partner.pk}/people/", partner, f.PartnerContactForm)
    walk.page(f"/leads/partners/{partner.pk}/register/", f.RegistrationForm)
    row = DealRegistration.objects.latest("pk")
    walk.act(f"/leads/registrations/{row.pk}/reject/", row, f.RejectionForm)
    walk.api("post", "/promotion-partners", promotion.PromotionPartnerIn)
    walk.api("post", "/deal-registrations", promotion.DealRegistrationIn, partner=partner.pk, company="<i>new one</i>")


def _markets(walk: Any, ada: User) -> None:
    walk.page("/leads/target-markets/new/", m.MarketForm)
    walk.api("post", "/target-markets", markets.TargetMarketIn)
    assert TargetMarket.objects.count() == 2
    lead = make_lead(ada)
    walk.send(f"/leads/{lead.pk}/research/", walk.texts(m.FindingForm, topic="who", confidence="low"))
    brief = walk.api("post", "/research-briefs", research.ResearchBriefIn, lead=make_lead(ada).pk)
    walk.api("post", f"/research-briefs/{brief['id']}/findings", research.FindingIn, topic="who")
    walk.page(f"/leads/{lead.pk}/finances/", m.FinancialsForm)
    walk.api("put", f"/leads/{make_lead(ada).pk}/financials", enrichment.FinancialsIn)
    for kind, form, more in (
        ("sources", m.DataSourceForm, {}),
        ("competitors", m.CompetitorForm, {}),
        ("facts", m.MarketFactForm, {"value": "1", "as_of": str(clock.today()), "competitor": ""}),
    ):
        if kind == "facts":
            more["source"] = str(DataSource.objects.latest("pk").pk)
        walk.page(f"/leads/data/{kind}/new/", form, **more)
    walk.page("/leads/research-partners/new/", m.ResearchPartnerForm, cost_per_record="1")
    address = {"url": "https://facts.example/{domain}", "header": "X-Key", "is_active": ""}
    walk.page("/leads/settings/enrichment/new/", m.ProviderForm, **address)
    walk.api("post", "/enrichment-providers", enrichment.EnrichmentProviderIn, **address | {"is_active": False})
    assert EnrichmentProvider.objects.count() == 2


def _goals(walk: Any, ada: User) -> None:
    ensure_periods(clock.today().year)
    month = FiscalPeriod.objects.months().holding(clock.today()).get().pk
    about = {"period": month, "owner": ada.pk, "target": 4}
    walk.page("/leads/plan/new/", GoalForm, customer_type="", **about)
    goal = Goal.objects.latest("pk")
    walk.page(f"/leads/plan/goals/{goal.pk}/edit/", GoalChangeForm, target=4, owner=ada.pk, customer_type="")
    walk.api("patch", f"/goals/{goal.pk}", GoalChangeIn, goal)
    goal.refresh_from_db()
    parts = [walk.texts(PartIn, target="1"), walk.texts(PartIn, target="3")]
    walk.api("post", "/goals", GoalIn, parts=parts, **about)
    head = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "0", "version": str(goal.version)}
    rows = {f"form-{at}-{name}": f"<i>PartForm.{name}</i>" for at in (0, 1) for name in ("name", "region")}
    walk.filled |= {"forecasting.forms.PartForm.name", "forecasting.forms.PartForm.region"}
    walk.send(f"/leads/plan/goals/{goal.pk}/parts/", {**head, **rows, "form-0-target": "1", "form-1-target": "3"})
