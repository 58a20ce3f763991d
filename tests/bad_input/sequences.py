"""The doors of the walk with tags that sequences open: the builder, texts, contact rules, a mail that came in."""

from typing import Any

from leads import forms_mail
from leads import forms_sequences as f
from leads.api import mail, sequences
from leads.models import MessageTemplate, Sequence
from leads.services import activate_sequence
from revops.users.models import User
from tests.leads.builders import make_lead
from tests.leads.test_sequence_pages import answered_mail, enrolled, mailed


def fill_sequences(walk: Any, ada: User) -> None:
    step = {f"s1-{name}": text for name, text in walk.texts(f.StepForm).items()}
    walk.page("/leads/sequences/new/", f.SequenceForm, step="1", **step, **{"s1-kind": "email", "s1-day_offset": "0"})
    sequence = activate_sequence(sequence=Sequence.objects.latest("pk"), version=None, actor=ada)
    walk.page("/leads/templates/new/", f.TemplateForm)
    lead = make_lead(ada, first_name="<i>lead.first</i>")
    row = enrolled(lead, sequence, ada)
    answered_mail(row, mailed(row, subject="<i>mail.subject</i>"), subject="<i>answer.subject</i>", text="<i>text</i>")
    walk.page(f"/leads/{lead.pk}/contact-rules/", f.PolicyForm)
    walk.page(f"/leads/{lead.pk}/write/", forms_mail.MailForm, to=lead.email_key)
    walk.api("post", "/sent-messages", mail.SentMessageIn, lead=lead.pk, to=lead.email_key)
    text = walk.api("post", "/message-templates", sequences.MessageTemplateIn)
    walk.api("patch", f"/message-templates/{text['id']}", sequences.MessageTemplateIn,
             MessageTemplate.objects.get(pk=text["id"]), name="<i>other text</i>")  # fmt: skip
    steps = [{"kind": "call", "day_offset": 0, **walk.texts(sequences.SequenceStepIn)}]
    walk.api("post", "/sequences", sequences.SequenceIn, owner=ada.pk, steps=steps)
    walk.api("post", f"/enrollments/{row.pk}/stop", sequences.ReasonIn, row)
    other = make_lead(ada)
    made = walk.api("post", "/contact-policies", mail.ContactPolicyIn, lead=other.pk, time_zone="Europe/Berlin")
    policy = other.policy
    walk.api("patch", f"/contact-policies/{made['id']}", mail.ContactPolicyChangeIn, policy, time_zone="")
