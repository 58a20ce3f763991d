"""Finds a Chromium, or gets one: an installed one, Debian's package as root, Playwright's build."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The one without windows first: it opens a page for a third of the work.
SHELL = "chromium-headless-shell"
NAMES = [SHELL, "chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"]
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
INSTALL_SECONDS = 300


def installed() -> str | None:
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    if MAC.exists():
        return str(MAC)
    return _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _quiet(*command: str) -> bool:
    try:
        done = subprocess.run(
            command, stdout=sys.stderr, timeout=INSTALL_SECONDS, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def obtain() -> str | None:
    found = installed()
    if found:
        return found
    print("No Chromium here; getting one for the browser tests ...", file=sys.stderr)
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _quiet("apt-get", "update", "-qq")
        for package in (SHELL, "chromium"):
            if _quiet("apt-get", "install", "-y", "-qq", "--no-install-recommends", package, "fonts-liberation"):
                return installed()
    _quiet(sys.executable, "-m", "playwright", "install", "chromium")
    return installed()


if __name__ == "__main__":
    path = obtain()
    if path is None:
        sys.exit("The browser tests need Chromium: install it, or name one with CHROMIUM=/path/to/chromium.")
    print(path)
