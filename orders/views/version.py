"""The version in a form: what the person saw."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from revops.core.errors import BadRequest


def shown_version(request: HttpRequest) -> int:
    raw = request.POST.get("version", "")
    if not raw.isascii() or not raw.isdigit() or len(raw) > 9:
        raise BadRequest("version_missing", _("Send the version that you saw."))
    return int(raw)
