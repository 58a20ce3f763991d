"""What may stand in braces in a mail."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from leads.selectors.sequences import PLACEHOLDERS, placeholders_in
from revops.core.errors import InvalidInput


def refuse_unknown_names(texts: Mapping[str, str]) -> None:
    """Raise InvalidInput that names what stands in braces and is not known, under the field in which it stands."""
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    for field, text in texts.items():
        for name in sorted(placeholders_in(text) - set(PLACEHOLDERS))[:1]:
            words = _("{%(name)s} is not known. Known are: %(known)s.") % {"name": name, "known": known}
            raise InvalidInput.of(**{field: words})
