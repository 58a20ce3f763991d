"""The content security policy forbids inline script and style: templates hold none."""

import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import ROOT, found

RULES = {
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=[\"']application/json)[^>]*>", re.IGNORECASE),
    "an inline style sheet": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"<(?!c-)[a-z][^>]*\sstyle\s*=", re.IGNORECASE),
    "an inline handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "hx-on": re.compile(r"\bhx-on\b|\bdata-hx-on\b", re.IGNORECASE),
    "a js: value": re.compile(r"[\"'](?:javascript|js):", re.IGNORECASE),
    "something loaded from elsewhere": re.compile(r"<(?:script|link|img)[^>]*(?:src|href)=[\"'](?:https?:)?//", re.I),
}
COMMENT = re.compile(r"\{#.*?#\}|\{%\s*comment.*?endcomment\s*%\}", re.DOTALL)


def violations(path: str, text: str) -> Iterator[str]:
    text = COMMENT.sub(lambda match: "\n" * match.group().count("\n"), text)
    for what, pattern in RULES.items():
        for match in pattern.finditer(text):
            yield f"{path}:{text.count(chr(10), 0, match.start()) + 1} has {what}: {match.group().strip()[:60]}"


def test_no_template_holds_inline_script_or_style() -> None:
    folders = [ROOT / "templates", *ROOT.glob("*/templates"), *ROOT.glob("revops/*/templates")]
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in (".html", ".svg")]
    bad = [line for path in files for line in violations(path.relative_to(ROOT).as_posix(), path.read_text())]
    assert not bad, found(bad)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<style>b{}</style>",
        '<div style="color:red">',
        '<a href="#" onclick="go()">',
        '<div hx-on:click="go()">',
        '<a href="javascript:go()">',
        '<script src="https://cdn.example/x.js"></script>',
    ],
)
def test_inline_script_and_style_are_caught(text: str) -> None:
    assert list(violations("templates/x.html", text))


def test_a_data_block_and_a_module_pass() -> None:
    text = '<script type="application/json" id="d">{}</script><script type="module" src="/static/a.js"></script>'
    assert not list(violations("templates/x.html", text))
