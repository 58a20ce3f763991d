"""Public forms: what they ask, where they may stand, and what people agreed to when they sent one."""

from typing import Any, Self

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Contact
from leads.models.campaigns import Campaign, TouchPoint, one_person
from leads.models.lead import Lead
from revops.core.models import BaseModel
from revops.core.scope import NOBODY, ScopedQuerySet


class IntakeFormQuerySet(ScopedQuerySet["IntakeForm"]):
    def visible_to(self, user: Any) -> Self:
        """Settings of the company: whoever may look at forms sees all."""
        return self.all() if user.has_perm("leads.view_intakeform") else self.filter(NOBODY)

    def by_key(self, key: str) -> Self:
        """The door of the public: forms in use under this key, and nothing else."""
        return self.filter(key=key, is_active=True)


class IntakeForm(BaseModel):
    """A form that anybody may send. Each post is a lead or one more touch of somebody we know."""

    name = models.CharField(max_length=120)
    key = models.SlugField(max_length=60, unique=True, help_text=_("Its address: /intake/forms/<key>."))
    is_active = models.BooleanField(default=True)
    headline = models.CharField(max_length=120)
    intro = models.CharField(max_length=400, blank=True, default="")
    button = models.CharField(max_length=40, blank=True, default="")
    thanks = models.CharField(max_length=400, blank=True, default="")
    asks_company = models.BooleanField(default=True, help_text=_("Off: the web domain of the address stands for it."))
    asks_phone = models.BooleanField(default=False)
    asks_message = models.BooleanField(default=True)
    consent_text = models.TextField(
        help_text=_("What they agree to, word for word. It is kept with each post, with moment and address."),
    )
    source = models.CharField(max_length=60, default="web form")
    campaign = models.ForeignKey(
        Campaign,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="forms",
        help_text=_("Where the link names no campaign, it is this one."),
    )
    allowed_sites = ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        size=50,
        help_text=_("Sites that may embed it, as https://www.example.com."),
    )
    hourly_limit = models.PositiveIntegerField(default=500, help_text=_("Posts that are taken in an hour."))

    objects = IntakeFormQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=~Q(consent_text="") & ~Q(key=""), name="intake_form_has_consent_and_key"),
            models.CheckConstraint(condition=Q(hourly_limit__gt=0), name="intake_form_limit_positive"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("intake-form-page", args=[self.pk])


class ConsentQuerySet(ScopedQuerySet["ConsentRecord"]):
    def visible_to(self, user: Any) -> Self:
        """Consent is seen with the lead or contact who gave it."""
        return self.filter(
            Q(lead__in=Lead.objects.visible_to(user).values("pk"))
            | Q(contact__in=Contact.objects.visible_to(user).values("pk"))
        )


class ConsentRecord(models.Model):
    """What somebody agreed to: the words as shown, when, from which address. Never changed."""

    form = models.ForeignKey(IntakeForm, on_delete=models.PROTECT, related_name="consents")
    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.CASCADE, related_name="consents")
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.CASCADE, related_name="consents")
    touch = models.OneToOneField(TouchPoint, on_delete=models.CASCADE, related_name="consent")
    email = models.CharField(max_length=254)
    text = models.TextField()
    given_at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True, blank=True)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        ordering = ["-given_at", "-pk"]
        constraints = [
            one_person("consent_of_lead_or_contact"),
            models.CheckConstraint(condition=~Q(text="") & ~Q(email=""), name="consent_has_text_and_email"),
        ]
        indexes = [models.Index(fields=["form", "given_at"], name="consent_by_form")]
        triggers = [
            pgtrigger.Trigger(
                name="consent_stands",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF (NEW.form_id, NEW.email, NEW.text, NEW.given_at, NEW.address)
                        IS DISTINCT FROM (OLD.form_id, OLD.email, OLD.text, OLD.given_at, OLD.address) THEN
                        RAISE EXCEPTION 'consent % stands as it was given', OLD.id USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email}, {self.given_at:%Y-%m-%d}"
