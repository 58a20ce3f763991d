"""A lead that nobody has: what the tester of routing is asked."""

from django import forms
from django.utils.translation import gettext_lazy as _


class TestForm(forms.Form):
    """What routing looks at."""

    __test__ = False

    company = forms.CharField(max_length=200, required=False, label=_("Company"))
    email = forms.CharField(max_length=254, required=False, label=_("E-mail"))
    website = forms.CharField(max_length=200, required=False, label=_("Web site"))
    country = forms.CharField(max_length=80, required=False, label=_("Country"))
    industry = forms.CharField(max_length=80, required=False, label=_("Industry"))
    employees = forms.IntegerField(min_value=0, max_value=2_000_000_000, required=False, label=_("Employees"))
    source = forms.CharField(max_length=60, required=False, label=_("Source"))
    do_not_route = forms.BooleanField(required=False, label=_("Never route to somebody else"))
