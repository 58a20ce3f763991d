"""Somebody without a mouse: keys alone, and at every stop of Tab it must be plain to see where the focus is."""

import re
from typing import Any

from playwright.sync_api import Page

from tests.e2e.conftest import eventually

MOST_STOPS = 140
SIGHT_WAITS = 8
# What a person sees of the focused element: its name, and whether a ring shows where it is.
HERE = """() => {
    const at = document.activeElement;
    const text = (id) => document.getElementById(id)?.textContent || '';
    const by = (at.getAttribute('aria-labelledby') || '').split(' ').filter(Boolean).map(text).join(' ');
    const label = at.getAttribute('aria-label') || by || [...(at.labels || [])].map((one) => one.textContent).join(' ');
    const rings = [at, at.closest('.ts-control, .menu, label'), at.nextElementSibling].filter(Boolean).some((one) => {
        const style = getComputedStyle(one);
        const outline = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
        return outline || style.boxShadow !== 'none';
    });
    const box = at.getBoundingClientRect();
    const shown = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
    const name = (label || at.textContent || at.value || at.name || '').trim().replace(/\\s+/g, ' ');
    return { name: name.slice(0, 120), tag: at.tagName.toLowerCase(), ring: rings && shown };
}"""


class Hands:
    """One person's keyboard."""

    def __init__(self, page: Page, unseen: list[str]) -> None:
        self.page, self.keyboard, self.unseen = page, page.keyboard, unseen

    def press(self, *keys: str) -> None:
        for key in keys:
            self.keyboard.press(key)

    def here(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate(HERE)
        return found

    def tab(self, name: str, *, back: bool = False) -> None:
        """Press Tab until something of this name has the focus (a pattern, from its start)."""
        seen = []
        for _ in range(MOST_STOPS):
            self.press("Shift+Tab" if back else "Tab")
            at = self.here()
            if at["tag"] == "body":
                continue
            if not at["ring"] and not self._comes_into_sight():
                self.unseen.append(f"{self.page.url}: {at['tag']} “{at['name']}”")
            if re.match(name, at["name"], re.IGNORECASE):
                return
            seen.append(at["name"])
        raise AssertionError(f"Tab never comes to “{name}” on {self.page.url}; it comes to {seen}")

    def until(self, script: str, what: str) -> None:
        """What the browser shows after a while; the policy of the pages lets no string be evaluated in them."""
        eventually(lambda: self.page.evaluate(script), what=f"{what} on {self.page.url}")

    def comes_to(self, name: str) -> None:
        """The focus is moved by itself to what comes next."""
        eventually(lambda: re.match(name, self.here()["name"], re.IGNORECASE), what=f"the focus is not on “{name}”")

    def into_main(self) -> None:
        """Past the frame, as the first stop of every page offers."""
        self.tab("Skip to content")
        self.press("Enter")
        try:
            self.until("document.activeElement.id === 'main'", "the content has no focus")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.here()}") from None

    def _comes_into_sight(self) -> bool:
        """The page may still be on its way there: it scrolls smoothly, the longer the further it has to go."""
        for _ in range(SIGHT_WAITS):
            self.page.wait_for_timeout(200)
            if self.here()["ring"]:
                return True
        return False

    def write(self, name: str, text: str, *, back: bool = False) -> None:
        """Tab to a field and fill it."""
        self.tab(name, back=back)
        self.press("Control+a")
        self.keyboard.type(text)

    def go(self, *keys: str) -> None:
        """Keys that lead to another page."""
        with self.page.expect_navigation():
            self.press(*keys)
        self.page.wait_for_load_state("load")

    def menu(self, text: str, *, leaves: bool = True) -> None:
        """The command menu: what is typed, and Enter on the first answer."""
        self.press("Control+k")
        self.until("!!document.querySelector('#command[open] [aria-selected=true]')", "no command menu")
        self.keyboard.type(text)
        chosen = "document.querySelector('#cmd-list [aria-selected=true]')?.textContent.toLowerCase() || ''"
        eventually(
            lambda: self.page.evaluate(chosen).strip().startswith(text.lower()),
            what=f"the menu does not offer “{text}” first",
        )
        if leaves:
            self.go("Enter")
        else:
            self.press("Enter")

    def sign_in(self, username: str, password: str) -> None:
        """From the first page that anybody sees; the only address that is typed."""
        self.page.goto("/")
        assert re.match("User name", self.here()["name"]), "the first field of the sign-in has the focus"
        self.keyboard.type(username)
        self.write("Password", password)
        self.go("Enter")
