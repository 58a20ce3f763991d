"""What other rooms, and this one's workers, may want to know."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LeadCreated:
    """A lead came in; `route` says that the router is to find its owner."""

    lead_id: int
    route: bool


@dataclass(frozen=True)
class LeadAnswered:
    """Criteria were answered, so the qualification score is out of date."""

    lead_id: int


@dataclass(frozen=True)
class LeadQualified:
    """A lead passed the scorecard."""

    lead_id: int


@dataclass(frozen=True)
class HandoffSubmitted:
    """A package waits for its seller."""

    handoff_id: int
    lead_id: int


@dataclass(frozen=True)
class HandoffDecided:
    """Accepted, rejected or expired."""

    handoff_id: int
    lead_id: int
    status: str


@dataclass(frozen=True)
class ScoringChanged:
    """A scorecard or a fit rule changed, so every open lead is scored again."""

    what: str


@dataclass(frozen=True)
class CampaignWentLive:
    """A campaign began."""

    campaign_id: int


@dataclass(frozen=True)
class CampaignEnded:
    """A campaign is over."""

    campaign_id: int


@dataclass(frozen=True)
class FormReceived:
    """Somebody sent a public form; `lead_id` is the lead that it made or touched, if it is one."""

    form_id: int
    touch_id: int
    lead_id: int | None


@dataclass(frozen=True)
class RegistrationDecided:
    """A partner's deal registration was approved, rejected, converted or has run out."""

    registration_id: int
    status: str


@dataclass(frozen=True)
class EnrollmentStarted:
    """Somebody was put into a sequence; `lead_id` if it is a lead."""

    enrollment_id: int
    lead_id: int | None


@dataclass(frozen=True)
class EnrollmentEnded:
    """Somebody came to the end of a sequence: replied, finished, bounced, opted out or stopped."""

    enrollment_id: int
    status: str
    lead_id: int | None


@dataclass(frozen=True)
class MarketChanged:
    """An edition of a target market; `change` says created, changed, activated or retired."""

    market_id: int
    change: str


@dataclass(frozen=True)
class ResearchOpened:
    """Something is to be found out about a lead or an account."""

    brief_id: int
    lead_id: int | None
    account_id: int | None


@dataclass(frozen=True)
class ResearchChanged:
    """Somebody else is to find it out, or until another day."""

    brief_id: int


@dataclass(frozen=True)
class ResearchFound:
    """A question about a lead or an account was answered."""

    finding_id: int
    brief_id: int
    topic: str


@dataclass(frozen=True)
class DeliveryReceived:
    """A research partner's file came in; a worker makes leads of its rows."""

    delivery_id: int
    partner_id: int
    rows: int


@dataclass(frozen=True)
class DeliveryFinished:
    """Every row of a research partner's file has its end; so many became leads."""

    delivery_id: int
    partner_id: int
    created: int


@dataclass(frozen=True)
class MailWritten:
    """A person wrote a mail, or wants one sent again: it waits to be sent."""

    message_id: int
