"""The bare twin of the benchmarks answers with what the product answers with, or the ratio says nothing."""

import subprocess
import sys

from revops.embedded import ROOT

# In a process of its own: the bare application takes the middleware out of the settings.
ASK = """
from benchmarks.bare import LeadSerializer
from leads.api.serializers import LeadOut
bare, product = list(LeadSerializer().fields), list(LeadOut().fields)
assert bare == product, set(product) ^ set(bare)
"""


def test_the_bare_view_shows_the_same_fields_of_a_lead() -> None:
    done = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
