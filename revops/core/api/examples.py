"""An example of every body and answer, made from its own shape and from names that people know."""

import re
from typing import Any

SAMPLES: dict[str, Any] = {
    "name": "Northwind Traders", "first_name": "Ada", "last_name": "Keller", "company": "Northwind Traders",
    "title": "Head of Purchasing", "email": "ada.keller@example.com", "phone": "+49 30 901820", "username": "alice",
    "website": "https://northwind.example", "domain": "northwind.example", "street": "Lindenstr. 12",
    "city": "Berlin", "postal_code": "10969", "country": "Germany", "industry": "Wholesale", "currency": "USD",
    "subject": "Call about the pilot", "sku": "CRM-100", "number": "Q-2026-00042", "reason": "Budget moved to spring",
    "source": "Trade fair", "reference": "BANK-4711", "external_system": "erp", "external_id": "10042",
    "period": "2026-11", "label": "2026-11", "amount": "1200.00", "percent": "100.0000", "time_zone": "Europe/Berlin",
    "next": None, "cursor": None, "list": "accounts", "delimiter": ";",
    "date_order": "dmy", "code": "P1", "carrier": "DHL",
    "window_from": "09:00:00", "window_to": "17:00:00",
}  # fmt: skip
BY_FORMAT = {
    "date": "2026-12-01", "date-time": "2026-12-01T10:00:00Z", "decimal": "10.00", "email": "ada.keller@example.com",
    "uuid": "0b0f5c7e-9f3a-4a39-8f0e-3f2f6a2d9c11", "uri": "https://northwind.example", "binary": "",
}  # fmt: skip
BY_TYPE: dict[str, Any] = {"integer": 1, "number": 1, "boolean": False, "string": "text"}
DEEPEST = 10


def example_of(shape: dict[str, Any], schemas: dict[str, Any], name: str = "", depth: int = 0) -> Any:
    """One value that the shape describes."""
    shape = _opened(shape, schemas)
    if "example" in shape:
        return shape["example"]
    if depth > DEEPEST:
        return {"array": [], "object": {}}.get(shape.get("type", ""), _plain(shape, name))
    if "properties" in shape:
        return {key: example_of(inner, schemas, key, depth + 1) for key, inner in shape["properties"].items()}
    if shape.get("type") == "array":
        items = shape.get("items") or {}
        return [example_of(items, schemas, name.rstrip("s"), depth + 1)] if items else []
    if shape.get("type") == "object" or not shape:
        inner = shape.get("additionalProperties")
        return {"key": example_of(inner, schemas, "", depth + 1)} if isinstance(inner, dict) and inner else {}
    return _plain(shape, name)


def _opened(shape: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference, and take the first of several choices."""
    for _ in range(DEEPEST):
        if "$ref" in shape:
            shape = schemas[shape["$ref"].rsplit("/", 1)[-1]]
        elif shape.get("allOf"):
            shape = {**shape["allOf"][0], **{key: value for key, value in shape.items() if key != "allOf"}}
        elif shape.get("oneOf"):
            shape = next((one for one in shape["oneOf"] if "enum" not in one or one["enum"] != [None]), {})
    return shape


def _plain(shape: dict[str, Any], name: str) -> Any:
    """A text, a number, a date."""
    if "enum" in shape:
        return next(value for value in shape["enum"] if value not in ("", None) or shape["enum"] == [value])
    if shape.get("default") is not None:
        return shape["default"]
    if shape.get("type") in ("integer", "number"):
        return max(shape.get("minimum", 1), 1) if shape.get("maximum", 1) >= 1 else shape["maximum"]
    if name == "next" and shape.get("nullable"):
        return None
    return _text(shape, name) if shape.get("type") == "string" else BY_TYPE.get(shape.get("type", ""), "text")


def _text(shape: dict[str, Any], name: str) -> str:
    """What people would write there, when it fits."""
    if shape.get("format") == "decimal":
        return _amount(shape)
    if shape.get("format") in BY_FORMAT:
        return str(BY_FORMAT[shape["format"]])
    sample = SAMPLES.get(name)
    if isinstance(sample, str) and len(sample) <= shape.get("maxLength", 10_000) and "pattern" not in shape:
        return sample
    return _patterned(shape)


def _amount(shape: dict[str, Any]) -> str:
    """A decimal with as many places as fit."""
    places = re.search(r"\\d\{0,(\d+)\}\)\?", shape.get("pattern", ""))
    return f"{10:.{min(int(places[1]), 2) if places else 2}f}"


def _patterned(shape: dict[str, Any]) -> str:
    """Texts that must look like something: amounts, months, short codes."""
    known = {r"^\d{4}-\d{2}$": "2026-11"}
    if shape.get("pattern") in known:
        return known[shape["pattern"]]
    return "10" if "pattern" in shape else "text"[: shape.get("maxLength", 4)]
