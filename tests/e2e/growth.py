"""A campaign, a public form, a partner with a guest and a sequence, for the walk through every page."""

from collections.abc import Callable
from typing import Any

from leads import services
from tests.cast import Cast
from tests.leads.builders import make_lead
from tests.leads.test_campaigns import make_campaign
from tests.leads.test_intake import make_form
from tests.leads.test_promotion import FACTS, approved, make_partner, make_person
from tests.leads.test_sequence_pages import answered_mail, enrolled, mailed, make_sequence

GUEST = "pia@northstar.example"


def growth_keys(cast: Cast) -> dict[str, Callable[[], Any]]:
    """The key of each page, by the name of its address."""
    campaign = make_campaign(cast.bob, stock_needed=5)
    campaign_pages = ("campaign", "campaign-edit", "campaign-earned", "campaign-results")
    form = make_form(cast.olga, campaign=campaign)
    services.receive_form(form=form, name="Ann Lee", email="ann@fleet.example", consent=True, message="Call me")
    partner = make_partner(cast.bob)
    make_person(partner, cast.bob)
    row = approved(partner, cast.bob)
    waits = services.register_deal(
        partner=partner, actor=cast.bob, **{**FACTS, "company": "B", "website": "", "email": "b@b.example"}
    )
    partner_pages = ("promotion-partner", *(f"promotion-partner-{name}" for name in ("edit", "register", "earned")))
    sequence = make_sequence(cast.olga, name="Spring")
    draft = make_sequence(cast.olga, active=False, name="Autumn")
    person = enrolled(make_lead(cast.alice), sequence, cast.alice)
    reply = answered_mail(person, mailed(person))
    return {
        "opt-out": lambda: person.token,
        "sequence-detail": lambda: sequence.pk,
        "sequence-edit": lambda: draft.pk,
        "message-template-edit": lambda: sequence.steps.get(position=1).template_id,
        "reply-read": lambda: reply.pk,
        **dict.fromkeys(campaign_pages, lambda: campaign.pk),
        **dict.fromkeys(partner_pages, lambda: partner.pk),
        **dict.fromkeys(("intake-form-page", "intake-form-edit"), lambda: form.pk),
        "intake-form": lambda: form.key,
        "deal-registration": lambda: waits.pk,
        "partner-registration": lambda: row.pk,
        "partner-lead": lambda: row.lead_id,
    }
