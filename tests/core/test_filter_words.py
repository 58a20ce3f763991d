"""What a filter in force says on its chip."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from django import forms

from revops.core.views.filtering import in_words
from revops.users.models import User


def test_a_list_of_choices_reads_by_its_labels_not_by_its_keys() -> None:
    states = forms.ChoiceField(choices=[("in_fulfillment", "In fulfilment"), ("booked", "Booked")])

    assert in_words(states, ["booked", "in_fulfillment"]) == "Booked, In fulfilment"


def test_a_day_reads_as_people_write_it() -> None:
    assert in_words(forms.DateField(), date(2026, 11, 1)) == "1 Nov 2026"
    ends = slice(datetime(2026, 11, 1, 8, 0), date(2026, 11, 30))
    assert in_words(forms.DateField(), ends) == "from 1 Nov 2026 to 30 Nov 2026"


@pytest.mark.django_db
def test_records_named_by_number_read_by_their_names(alice: User) -> None:
    owners = forms.ModelChoiceField(queryset=User.objects.all())

    assert in_words(owners, [Decimal(alice.pk)]) == str(alice)
    assert in_words(owners, alice) == str(alice)
    assert in_words(owners, [Decimal(10**12)]) == str(10**12)
