import random

import pytest

from leads import services
from leads.models import DisqualifyReason, Lead
from leads.setup import ensure_leads
from revops.core.errors import DomainError, DuplicateSuspected, IllegalState, InvalidInput, MissingFields, StaleCopy
from revops.core.models import AuditEntry
from revops.users.models import User
from tests.leads.builders import answered, make_lead


@pytest.mark.spec("SD-12", "K2")
def test_a_lead_at_77_qualifies_and_one_at_76_99_does_not(sam: User) -> None:
    good = answered(make_lead(sam), sam)
    good = services.qualify_lead(lead=good, version=good.version, actor=sam)
    assert good.status == "qualified" and good.qualified_at is not None
    below = answered(make_lead(sam), sam, needs=90, finances=80, reputation=70, budget=75, authority="69.95")
    with pytest.raises(DomainError) as refused:
        services.qualify_lead(lead=below, version=below.version, actor=sam)
    assert (refused.value.code, refused.value.status) == ("score_below_threshold", 422)
    below.refresh_from_db()
    assert below.status == "working"


@pytest.mark.spec("SD-12")
def test_an_unanswered_criterion_is_named_and_authority_0_is_a_gate(sam: User) -> None:
    lead = answered(make_lead(sam), sam, needs=100, finances=100, reputation=100, budget=100)
    with pytest.raises(MissingFields) as missing:
        services.qualify_lead(lead=lead, version=lead.version, actor=sam)
    assert missing.value.fields == ["authority"]
    lead = answered(lead, sam, authority=0)
    with pytest.raises(DomainError) as gated:
        services.qualify_lead(lead=lead, version=lead.version, actor=sam)
    assert gated.value.code == "gate_failed"


@pytest.mark.spec("SD-12")
def test_disqualifying_needs_a_reason_and_is_undone_by_reopening(sam: User) -> None:
    lead = make_lead(sam)
    with pytest.raises(MissingFields):
        services.disqualify_lead(lead=lead, version=1, actor=sam, reason=None)
    reason = DisqualifyReason.objects.first()
    lead = services.disqualify_lead(lead=lead, version=1, actor=sam, reason=reason, note="Sold the vans")
    assert (lead.status, lead.disqualify_reason) == ("disqualified", reason)
    lead = services.reopen_lead(lead=lead, version=2, actor=sam)
    assert (lead.status, lead.disqualify_reason) == ("working", None)


def test_a_stale_copy_moves_nothing(sam: User) -> None:
    lead = make_lead(sam)
    services.start_working(lead=lead, version=1, actor=sam)
    reason = DisqualifyReason.objects.first()
    for act in (
        lambda: services.nurture_lead(lead=lead, version=1, actor=sam),
        lambda: services.disqualify_lead(lead=lead, version=1, actor=sam, reason=reason),
        lambda: services.update_lead(lead=lead, version=1, actor=sam, company="x"),
    ):
        with pytest.raises(StaleCopy):
            act()
    lead.refresh_from_db()
    assert (lead.status, lead.version) == ("working", 2)


@pytest.mark.spec("INV-90")
def test_random_walks_stay_inside_the_table_and_refusals_change_nothing(sam: User) -> None:
    lead = answered(make_lead(sam), sam)
    reason = DisqualifyReason.objects.first()
    verbs = {
        "start": lambda lead: services.start_working(lead=lead, version=None, actor=sam),
        "qualify": lambda lead: services.qualify_lead(lead=lead, version=None, actor=sam),
        "nurture": lambda lead: services.nurture_lead(lead=lead, version=None, actor=sam),
        "reopen": lambda lead: services.reopen_lead(lead=lead, version=None, actor=sam),
        "disqualify": lambda lead: services.disqualify_lead(lead=lead, version=None, actor=sam, reason=reason),
    }
    dice = random.Random(7)
    for _ in range(60):
        before = Lead.objects.get(pk=lead.pk)
        try:
            verbs[dice.choice(list(verbs))](before)
        except IllegalState:
            after = Lead.objects.get(pk=lead.pk)
            assert (after.status, after.version) == (before.status, before.version)
        else:
            after = Lead.objects.get(pk=lead.pk)
            assert after.status in Lead.TRANSITIONS[before.status]


@pytest.mark.spec("INV-91")
def test_a_change_of_facts_is_logged_with_before_and_after(sam: User) -> None:
    lead = make_lead(sam, company="Elmbridge")
    services.update_lead(lead=lead, version=1, actor=sam, company="Elmbridge Group", email="new@tamar.example")
    row = AuditEntry.objects.about(lead).get(action="lead.changed")
    assert (row.before["company"], row.after["company"]) == ("Elmbridge", "Elmbridge Group")
    lead.refresh_from_db()
    assert (lead.email_key, lead.domain) == ("new@tamar.example", "tamar.example")


def test_the_same_domain_is_suspected_and_free_mail_is_not(sam: User) -> None:
    make_lead(sam, email="a@tamar.example")
    with pytest.raises(DuplicateSuspected):
        make_lead(sam, email="b@tamar.example")
    make_lead(sam, email="a@gmail.com")
    assert make_lead(sam, email="b@gmail.com").domain == ""


def test_bad_values_are_refused_and_nothing_is_written(sam: User) -> None:
    ensure_leads()
    for fields in ({"company": ""}, {"company": "x" * 201}, {"email": "nobody"}, {"employees": -3}):
        with pytest.raises(InvalidInput):
            services.create_lead(actor=sam, **{"last_name": "x", "company": "y", **fields})
    assert not Lead.objects.exists()


def test_setting_up_twice_changes_nothing(olga: User, sam: User) -> None:
    ensure_leads()
    rows = AuditEntry.objects.count()
    ensure_leads()
    assert AuditEntry.objects.count() == rows
