"""What follows when something happened: work for a worker, sent by name once the delivery is committed."""

from functools import partial

from celery import current_app
from django.db import transaction

from accounts.events import ActivityCompleted
from leads import services
from leads.events import LeadAnswered, LeadCreated, MailWritten, ScoringChanged
from leads.models import Lead, LeadActivity


def route_new_lead(event: LeadCreated) -> None:
    """A lead that nobody holds gets its owner; whoever is set up to know more is asked about it."""
    lead = Lead.objects.filter(pk=event.lead_id).first()
    if lead is not None:
        services.ask_enrichment(lead=lead, actor=None)
    if event.route:
        _send("leads.route_lead", event.lead_id)


def score_answered_lead(event: LeadAnswered) -> None:
    """New answers make a new qualification score."""
    _send("leads.score_lead", event.lead_id)


def engage_lead(event: ActivityCompleted) -> None:
    """What happened with a lead is worth points."""
    lead_id = LeadActivity.objects.filter(activity=event.activity_id).values_list("lead_id", flat=True).first()
    if lead_id is not None:
        _send("leads.score_lead", lead_id)


def score_all_leads(event: ScoringChanged) -> None:
    """A new scorecard or fit rule concerns every open lead."""
    _send("leads.score_all")


def send_written_mail(_event: MailWritten) -> None:
    """Who pressed send does not wait for the next round of the sequences."""
    _send("leads.send_mails")


def _send(task: str, *args: int) -> None:
    # What is lost while the broker is down is made good by the nightly pass.
    send = partial(current_app.send_task, task, args=list(args), queue="leads", retry=False)
    transaction.on_commit(send, robust=True)
