"""What webhooks may tell of this room."""

from django.utils.translation import gettext_lazy as _

from leads import events
from leads.models import (
    Campaign,
    DealRegistration,
    Enrollment,
    Handoff,
    Lead,
    ResearchBrief,
    ResearchPartner,
    SentMessage,
    TargetMarket,
    TouchPoint,
)
from revops.integrations.offers import Offer, offers

RESEARCH = "leads.view_lead"


def register() -> None:
    """Each event with the record that decides who may hear of it."""
    for offer in (
        Offer(events.LeadCreated, _("A lead came in"), Lead, "lead_id"),
        Offer(events.LeadAnswered, _("Questions about a lead were answered"), Lead, "lead_id"),
        Offer(events.LeadQualified, _("A lead is qualified"), Lead, "lead_id"),
        Offer(events.HandoffSubmitted, _("A handoff waits for its seller"), Handoff, "handoff_id"),
        Offer(events.HandoffDecided, _("A handoff was accepted, rejected or ran out"), Handoff, "handoff_id"),
        Offer(events.CampaignWentLive, _("A campaign began"), Campaign, "campaign_id"),
        Offer(events.CampaignEnded, _("A campaign is over"), Campaign, "campaign_id"),
        Offer(events.FormReceived, _("Somebody sent a public form"), TouchPoint, "touch_id"),
        Offer(
            events.RegistrationDecided,
            _("A deal registration was decided, or has run out"),
            DealRegistration,
            "registration_id",
        ),
        Offer(events.EnrollmentStarted, _("Somebody was put into a sequence"), Enrollment, "enrollment_id"),
        Offer(
            events.EnrollmentEnded,
            _("A sequence ended for somebody: replied, bounced, opted out, finished or stopped"),
            Enrollment,
            "enrollment_id",
        ),
        Offer(
            events.MarketChanged,
            _("A target market was made, changed, activated or retired"),
            TargetMarket,
            "market_id",
        ),
        # Research is open to whoever sees the lead or the account that it is about.
        Offer(events.ResearchOpened, _("Research was asked for"), ResearchBrief, "brief_id", permission=RESEARCH),
        Offer(events.ResearchChanged, _("A research brief changed"), ResearchBrief, "brief_id", permission=RESEARCH),
        Offer(events.ResearchFound, _("Research found something"), ResearchBrief, "brief_id", permission=RESEARCH),
        Offer(events.DeliveryReceived, _("A research partner delivered"), ResearchPartner, "partner_id"),
        Offer(events.DeliveryFinished, _("A partner's delivery is worked through"), ResearchPartner, "partner_id"),
        Offer(events.MailWritten, _("Somebody wrote a mail"), SentMessage, "message_id"),
        # About no record of anybody's: a scorecard or a rule of the company.
        Offer(events.ScoringChanged, _("The rules of scoring changed"), permission="leads.view_scorecard"),
    ):
        offers.register(offer)
