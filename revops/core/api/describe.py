"""The OpenAPI document as a whole: refusals, headers and examples of every operation, the rows of a bulk."""

from typing import Any

from revops.core.api.examples import example_of

# Which refusals an operation may answer with, beside its own answer.
REFUSALS = {
    "400": "Malformed or unknown input",
    "401": "Not signed in",
    "403": "Not allowed",
    "404": "No such record in the caller's scope",
    "406": "Answers are JSON",
    "409": "Illegal state, or a duplicate is suspected",
    "412": "The record changed since it was read",
    "413": "Too many rows, or too large a file",
    "415": "Bodies are JSON, uploads multipart",
    "422": "Refused by a rule or a field check",
    "428": "If-Match is missing",
    "429": "Too many requests",
}
GIVEN_AWAY = "Done, and the record is out of the caller's sight now"
READING = ("400", "401", "403", "404", "406", "429")
PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem document; a refusal's own facts (candidates, current_version) stand beside.",
    "required": ["type", "title", "status", "code", "detail", "errors", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "detail")},
            },
        },
    },
}
PROBLEM_EXAMPLE = {
    "type": "/api/docs/#error-invalid",
    "code": "invalid",
    "detail": "What is wrong, in one sentence.",
    "errors": [{"pointer": "close_on", "code": "required", "detail": "This stage needs a close date."}],
    "request_id": "b1946ac92492d2347c6235b4d2611184",
}
RATE_HEADERS = {
    "RateLimit": ("string", "Tokens left and seconds until the bucket is full."),
    "RateLimit-Policy": ("string", "The bucket's size and window."),
}
HEADERS = {
    "ETag": ("string", "The record's version, for If-Match."),
    "Location": ("string", "Where it is found."),
    "Idempotent-Replayed": ("string", "`true`: the stored answer of an earlier request with this key."),
    "Retry-After": ("integer", "Seconds to wait."),
}
ROW = {
    "type": "object",
    "required": ["index", "status"],
    "properties": {
        "index": {"type": "integer"},
        "status": {"type": "integer", "description": "As the single request would have answered."},
        "id": {"type": "integer"},
        "version": {"type": "integer", "nullable": True},
        "problem": {"$ref": "#/components/schemas/Problem"},
    },
}
BULK_ANSWER = {"type": "object", "required": ["results"], "properties": {"results": {"type": "array", "items": ROW}}}
BULK_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["rows"],
    "additionalProperties": False,
    "properties": {"rows": {"type": "array", "minItems": 1, "maxItems": 200, "items": {}}},
}
OP_FIELDS: dict[str, dict[str, Any]] = {
    "create": {"op": {"type": "string", "enum": ["create"]}},
    "update": {
        "op": {"type": "string", "enum": ["update"]},
        "id": {"type": "integer", "minimum": 1},
        "version": {"type": "integer", "minimum": 1, "description": "As If-Match of the single request."},
    },
}


def complete(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Post-processing: what every operation has, so that none can forget it."""
    schemas = result["components"].setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    for path, verbs in result["paths"].items():
        for method, operation in verbs.items():
            if path.startswith("/api/v1/"):
                _rows(operation, schemas)
                _refusals(method, path, operation)
                _headers(method, operation)
                _examples(operation, schemas)
    return result


def _rows(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """A bulk's rows: the bodies of the single requests, with what is to be done."""
    shapes = operation.pop("x-rows", None)
    if shapes is None:
        return
    choices = []
    for op, reference in shapes.items():
        inner = schemas[reference["$ref"].rsplit("/", 1)[-1]]
        needed = ["op", "id"] if op == "update" else ["op", *inner.get("required", [])]
        properties = {**OP_FIELDS[op], **inner["properties"]}
        choices.append({"type": "object", "required": needed, "properties": properties, "additionalProperties": False})
    body = operation["requestBody"]["content"]["application/json"]
    rows = {**BULK_BODY["properties"]["rows"], "items": {"oneOf": choices}}
    body["schema"] = {**BULK_BODY, "properties": {"rows": rows}}
    operation["requestBody"]["required"] = True


def _refusals(method: str, path: str, operation: dict[str, Any]) -> None:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    statuses = READING if method == "get" else tuple(REFUSALS)
    if method != "get" and "207" not in operation["responses"]:
        operation["responses"].setdefault("204", {"description": GIVEN_AWAY})
    for status in statuses:
        operation["responses"].setdefault(status, {"description": REFUSALS[status], "content": dict(content)})


def _headers(method: str, operation: dict[str, Any]) -> None:
    for status, answer in operation["responses"].items():
        named = dict(RATE_HEADERS)
        wanted = {"429": ["Retry-After"], "200": ["ETag"], "201": ["ETag", "Location"], "202": ["Location"]}
        extra = wanted.get(status, []) + (["Idempotent-Replayed"] if method == "post" and status < "300" else [])
        named |= {name: HEADERS[name] for name in extra}
        answer.setdefault("headers", {}).update(
            {name: {"schema": {"type": kind}, "description": text} for name, (kind, text) in named.items()}
        )


def _examples(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    answers = [answer for status, answer in operation["responses"].items() if status < "300"]
    for holder in (*bodies, *answers):
        for media, content in holder.get("content", {}).items():
            if "example" not in content and "examples" not in content and media == "application/json":
                content["example"] = example_of(content.get("schema", {}), schemas)
    for status, answer in operation["responses"].items():
        problem = answer.get("content", {}).get("application/problem+json")
        if problem is not None:
            problem["example"] = {**PROBLEM_EXAMPLE, "status": int(status), "title": answer["description"]}
