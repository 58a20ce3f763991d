"""A person with a browser's cookies and no browser: for tests that look at what servers say, not at pages."""

import json
import re
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode


@dataclass(frozen=True)
class Said:
    """An answer; a redirect is followed by nobody."""

    status: int
    headers: Any
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Visitor:
    """Cookies go to every port of this machine, as they do to every server behind one proxy."""

    def __init__(self) -> None:
        self.cookies = CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies), _Stay())

    def get(self, url: str, **headers: str) -> Said:
        return self._send(urllib.request.Request(url, headers=headers))

    def post(self, url: str, fields: dict[str, str] | None = None, file: tuple[str, str, bytes] | None = None) -> Said:
        """A form, with the token of the page it stands on; `file` is (field, name, content)."""
        fields = {**(fields or {}), "csrfmiddlewaretoken": self._token(url)}
        body, kind = (multipart(fields, file)) if file else (urlencode(fields).encode(), FORM)
        headers = {"Content-Type": kind, "Referer": url}
        return self._send(urllib.request.Request(url, data=body, headers=headers))

    def sign_in(self, root: str, name: str, password: str) -> Said:
        self.get(f"{root}/login/")
        return self.post(f"{root}/login/", {"login": name, "password": password})

    def _token(self, url: str) -> str:
        return next((cookie.value or "" for cookie in self.cookies if cookie.name == "csrftoken"), "")

    def _send(self, request: urllib.request.Request) -> Said:
        try:
            with self.opener.open(request, timeout=30) as answer:
                return Said(answer.status, answer.headers, answer.read().decode(errors="replace"))
        except urllib.error.HTTPError as error:
            return Said(error.code, error.headers, error.read().decode(errors="replace"))


FORM = "application/x-www-form-urlencoded"


def multipart(fields: dict[str, str], file: tuple[str, str, bytes]) -> tuple[bytes, str]:
    """A form's body with a file in it, and its content type."""
    mark = uuid.uuid4().hex
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    field, name, content = file
    head = f'--{mark}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
    head += "Content-Type: text/csv\r\n\r\n"
    return "".join(parts).encode() + head.encode() + content + f"\r\n--{mark}--\r\n".encode(), (
        f"multipart/form-data; boundary={mark}"
    )


def heading(text: str) -> str:
    """What a page is called."""
    found = re.search(r"<h1[^>]*>\s*(.*?)\s*</h1>", text, re.DOTALL)
    return found[1] if found else ""
