"""Reading a body: what Python's JSON reader lets through and no record or answer can hold is refused here."""

import json
from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class TextJSONParser(JSONParser):
    """JSON whose every text can be written down again: half of a surrogate pair is no character."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """The value. Raises ParseError (400)."""
        try:
            value = super().parse(stream, media_type, parser_context)
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise ParseError("The body holds half of a character (a lone surrogate).") from error
        except RecursionError as error:
            raise ParseError("The body is nested too deeply.") from error
        return value
