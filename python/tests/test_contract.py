"""openapi.yaml keeps the profile in which generators, servers and readers understand it alike."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "openapi.yaml").read_text(encoding="utf-8")
CONTRACT: dict[str, Any] = yaml.safe_load(TEXT)
SCHEMAS: dict[str, Any] = CONTRACT["components"]["schemas"]
METHODS = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
ROLES = {"agent", "client", "reviewer", "admin"}
# Foreign software sends more than this contract knows.
OPEN_REQUESTS = {
    "NodeRegistration",
    "NewReasoner",
    "Features",
    "Heartbeat",
    "InHand",
    "NodeShutdown",
    "StatusReport",
    "Note",
    "ApprovalResponse",
    "ReviewerClaim",
}


def operations(section: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in CONTRACT[section].items():
        for method in sorted(METHODS & item.keys()):
            yield path, method, item[method]


OPERATIONS = {operation["operationId"]: operation for _, _, operation in operations("paths")}
WEBHOOKS = {operation["operationId"]: operation for _, _, operation in operations("webhooks")}


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = CONTRACT
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def name_of(schema: dict[str, Any]) -> str | None:
    return schema["$ref"].rpartition("/")[2] if "$ref" in schema else None


def within(schema: dict[str, Any], at: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place, schema) for the schema itself and all that are written inside it."""
    yield at, schema
    for member, inner in schema.get("properties", {}).items():
        yield from within(inner, f"{at}/{member}")
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            yield from within(schema[word], f"{at}/{word}")
    for word in ("oneOf", "anyOf", "allOf"):
        for index, inner in enumerate(schema.get(word, [])):
            yield from within(inner, f"{at}/{word}/{index}")


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place, schema) of every body that the operation takes or gives."""
    for place, body in {
        "request": operation.get("requestBody", {}),
        **operation["responses"],
    }.items():
        for media_type, media in resolve(body).get("content", {}).items():
            yield f"{place} {media_type}", media["schema"]


def used_schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place, schema) of every schema that stands outside `components.schemas`."""
    components = CONTRACT["components"]
    for name, header in components["headers"].items():
        yield f"headers/{name}", header["schema"]
    for name, parameter in components["parameters"].items():
        yield f"parameters/{name}", parameter["schema"]
    for section in ("paths", "webhooks"):
        for path, _, operation in operations(section):
            shared = CONTRACT[section][path].get("parameters", [])
            for parameter in map(resolve, [*shared, *operation.get("parameters", [])]):
                yield f"{operation['operationId']} {parameter['name']}", parameter["schema"]
            for place, schema in bodies(operation):
                yield f"{operation['operationId']} {place}", schema


def reachable(roots: list[dict[str, Any]]) -> set[str]:
    found: set[str] = set()
    pending = list(roots)
    while pending:
        for _, schema in within(pending.pop(), ""):
            name = name_of(schema)
            if name is not None and name not in found:
                found.add(name)
                pending.append(SCHEMAS[name])
    return found


SENT = reachable([s for o in OPERATIONS.values() for p, s in bodies(o) if p.startswith("request")])
ANSWERED = reachable(
    [s for o in OPERATIONS.values() for p, s in bodies(o) if not p.startswith("request")]
    + [s for o in WEBHOOKS.values() for _, s in bodies(o)]
)
ALL = [*(pair for name, s in SCHEMAS.items() for pair in within(s, name))]
ALL += [pair for place, s in used_schemas() for pair in within(s, place)]


def places(condition: Any) -> list[str]:
    """Return where a schema is for which the condition holds."""
    return [place for place, schema in ALL if condition(schema)]


def test_it_is_valid_openapi() -> None:
    assert CONTRACT["openapi"] == "3.1.1"
    validate(CONTRACT)


def test_the_package_carries_it_unchanged() -> None:
    assert resources.files("signoff").joinpath("openapi.yaml").read_text("utf-8") == TEXT


def test_null_is_written_in_one_way() -> None:
    assert places(lambda s: "nullable" in s) == []
    unions = [s["type"] for _, s in ALL if isinstance(s.get("type"), list)]
    assert [union for union in unions if len(union) != 2 or union[1] != "null"] == []
    assert places(lambda s: s.keys() & {"oneOf", "anyOf", "allOf", "not", "const"}) == []


def test_a_value_that_is_not_given_is_absent_in_requests() -> None:
    sent = [pair for name in SENT for pair in within(SCHEMAS[name], name)]
    assert [place for place, s in sent if isinstance(s.get("type"), list)] == []


def test_objects_and_lists_of_words_have_names() -> None:
    inline = [(place, s) for place, s in ALL if place not in SCHEMAS]
    assert [place for place, s in inline if s.get("properties") or "enum" in s] == []
    free = [place for place, s in ALL if s.get("type") == "object" and "properties" not in s]
    assert not SCHEMAS.keys() & free


def test_numbers_say_how_they_are_held() -> None:
    assert places(lambda s: s.get("type") == "number" and s.get("format") != "double") == []
    assert places(lambda s: s.get("type") == "integer" and s.get("format") != "int64") == []
    assert {s["format"] for _, s in ALL if "format" in s} <= {"double", "int64"}


def test_requests_are_closed_and_answers_open() -> None:
    closed = {name for name in SENT if SCHEMAS[name].get("additionalProperties") is False}
    objects = {name for name in SENT if SCHEMAS[name].get("type") == "object"}
    assert objects - closed == OPEN_REQUESTS
    assert [n for n in ANSWERED if SCHEMAS[n].get("additionalProperties", True) is not True] == []


def test_words_of_answers_are_open_and_words_of_requests_closed() -> None:
    words = {name for name, schema in SCHEMAS.items() if "enum" in schema}
    grows = {name for name in words if SCHEMAS[name].get("x-open-enum") is True}
    assert words & ANSWERED == grows
    assert not grows & SENT


def test_every_schema_is_used_and_has_an_example() -> None:
    used = reachable([schema for _, schema in used_schemas()])
    assert SCHEMAS.keys() - used == set()
    assert [name for name, schema in SCHEMAS.items() if not schema.get("examples")] == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_examples_fit_their_schema(name: str) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": CONTRACT["components"]}
    for example in SCHEMAS[name]["examples"]:
        OAS31Validator(schema).validate(example)


def test_examples_of_messages_fit_their_schema() -> None:
    script = ROOT / "tools" / "examples.py"
    listed = subprocess.run([sys.executable, script], capture_output=True, check=True).stdout
    examples = [example for example in json.loads(listed) if "/examples/" not in example["id"]]
    assert examples
    for example in examples:
        reference = {"$ref": f"#/components/schemas/{example['schema']}"}
        schema = reference | {"components": CONTRACT["components"]}
        OAS31Validator(schema).validate(json.loads(example["value"]))


def test_operations_have_names_of_their_own() -> None:
    everything = [*operations("paths"), *operations("webhooks")]
    names = [operation.get("operationId") for _, _, operation in everything]
    assert len(names) == len(set(names)) == len(OPERATIONS) + len(WEBHOOKS)
    assert [name for name in names if not re.fullmatch("[a-z]+([A-Z][a-z]+)*", name or "")] == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_say_who_may_call_them(name: str) -> None:
    security = OPERATIONS[name]["security"]
    assert all(entry.keys() == {"apiKey"} and len(entry["apiKey"]) == 1 for entry in security)
    roles = [entry["apiKey"][0] for entry in security]
    assert len(roles) == len(set(roles))
    assert set(roles) <= ROLES
    assert roles == [] or "admin" in roles


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_list_every_status(name: str) -> None:
    responses = OPERATIONS[name]["responses"]
    assert [status for status in responses if not re.fullmatch("[1-5][0-9]{2}", status)] == []
    assert [status for status in responses if status.startswith("2")] != []
    for status, response in responses.items():
        content = resolve(response).get("content", {})
        assert status < "400" or content.keys() == {"application/problem+json"}
        assert ("x-problem-codes" in resolve(response)) == (status >= "400")


def test_problem_codes_are_all_known_and_all_used() -> None:
    used = {
        code
        for operation in OPERATIONS.values()
        for response in operation["responses"].values()
        for code in resolve(response).get("x-problem-codes", [])
    }
    known = set(SCHEMAS["ProblemCode"]["enum"])
    elsewhere = set(SCHEMAS["ProblemCode"].get("x-unreachable", {})) | {"method_not_allowed"}
    assert used <= known
    assert known - used <= elsewhere


@pytest.mark.parametrize(
    "name",
    [
        "registerNode",
        "execute",
        "executeAsync",
        "createApprovalRequest",
        "requestExecutionApproval",
    ],
)
def test_what_is_created_is_linked_to(name: str) -> None:
    successes = [r for status, r in OPERATIONS[name]["responses"].items() if status < "300"]
    assert all(resolve(response).get("links") for response in successes)


def test_links_lead_to_operations_and_give_what_their_paths_need() -> None:
    paths = {operation["operationId"]: path for path, _, operation in operations("paths")}
    for link in CONTRACT["components"]["links"].values():
        needed = set(re.findall(r"\{(\w+)\}", paths[link["operationId"]]))
        assert needed <= link.get("parameters", {}).keys()


def test_the_sections_are_those_of_the_tags() -> None:
    tags = {tag["name"] for tag in CONTRACT["tags"]}
    everything = [*OPERATIONS.values(), *WEBHOOKS.values()]
    assert {tag for operation in everything for tag in operation["tags"]} == tags
    assert all(len(operation["tags"]) == 1 for operation in everything)
