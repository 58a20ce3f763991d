"""What a form sends beside its fields."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from revops.core.errors import BadRequest


def shown_version(request: HttpRequest) -> int:
    """The version that the person looked at. Raises BadRequest."""
    raw = request.POST.get("version", "")
    if not raw.isascii() or not raw.isdigit() or len(raw) > 9:
        raise BadRequest("bad_version", _("This form is damaged. Open the page again."))
    return int(raw)
