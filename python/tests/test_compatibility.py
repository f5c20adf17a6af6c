"""The check that compares the contract with the last tag's, on pairs that are made up."""

import copy
import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tools" / "compatibility.py"

Node = dict[str, Any]


def contract() -> Node:
    """One operation, one webhook, and every kind of schema."""
    question: Node = {
        "type": "object",
        "additionalProperties": True,
        "required": ["title"],
        "properties": {
            "title": {"type": "string", "minLength": 1, "maxLength": 500, "pattern": "^.+$"},
            "tags": {"type": "array", "items": {"$ref": "#/components/schemas/Word"}},
            "hours": {"type": "number", "maximum": 72},
        },
    }
    answer: Node = {
        "type": "object",
        "required": ["id", "status"],
        "properties": {
            "id": {"type": "string"},
            "status": {"type": "string", "enum": ["pending", "approved"], "x-open-enum": True},
            "source": {"$ref": "#/components/schemas/Source"},
            "seq": {"type": "integer"},
        },
    }

    def body(name: str) -> Node:
        return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}

    ask: Node = {
        "operationId": "ask",
        "security": [{"apiKey": ["client"]}, {"apiKey": ["admin"]}],
        "parameters": [
            {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 200}}
        ],
        "requestBody": {"required": True, "content": body("Question")},
        "responses": {"200": {"content": body("Answer")}, "201": {"content": body("Answer")}},
    }
    told: Node = {
        "operationId": "notify",
        "requestBody": {"content": body("Answer")},
        "responses": {"200": {"description": "Heard."}},
    }
    return {
        "paths": {"/asks": {"post": ask}},
        "webhooks": {"asked": {"post": told}},
        "components": {
            "schemas": {
                "Question": question,
                "Answer": answer,
                "Word": {"type": "string", "enum": ["low", "high"]},
                "Source": {"type": "string", "enum": ["open", "key"]},
            }
        },
    }


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    return importlib.import_module("compatibility")


def put(path: str, value: Any) -> Callable[[Node], None]:
    """A change: what stands at the path; None takes it away."""

    def change(root: Node) -> None:
        *parents, last = path.split()
        node: Any = root
        for part in parents:
            node = node[int(part) if isinstance(node, list) else part]
        if value is None:
            del node[int(last) if isinstance(node, list) else last]
        elif isinstance(node, list) and last == "+":
            node.append(value)
        else:
            node[int(last) if isinstance(node, list) else last] = value

    return change


QUESTION = "components schemas Question"
ANSWER = "components schemas Answer"
ASK = "paths /asks post"

BREAKS = [
    (put(f"{ASK}", None), ["`ask` is gone"]),
    (put("webhooks asked", None), ["`notify` is gone"]),
    (put(f"{ASK} security 0", None), ["`ask` is closed to the role client"]),
    (put(f"{ASK} parameters 0", None), ["`ask limit` is gone"]),
    (put(f"{ASK} parameters 0 required", True), ["`ask limit` is required now"]),
    (put(f"{ASK} parameters 0 schema maximum", 100), ["`ask limit` has maximum 100, it was 200"]),
    (
        put(f"{ASK} parameters +", {"name": "who", "in": "query", "required": True, "schema": {}}),
        ["`ask who` is new and required"],
    ),
    (put(f"{ASK} responses 201", None), ["`ask` answers 201 no more"]),
    (put(f"{ASK} requestBody content", {}), ["`ask` knows application/json no more"]),
    (put(f"{QUESTION} properties hours", None), ["`Question.hours` is gone"]),
    (put(f"{QUESTION} required +", "hours"), ["`Question.hours` is required now"]),
    (put(f"{QUESTION} additionalProperties", False), ["`Question` takes no other fields any more"]),
    (
        put(f"{QUESTION} properties hours type", "integer"),
        ["`Question.hours` was number and is integer"],
    ),
    (
        put(f"{QUESTION} properties title maxLength", 80),
        ["`Question.title` has maxLength 80, it was 500"],
    ),
    (
        put(f"{QUESTION} properties title minLength", 2),
        ["`Question.title` has minLength 2, it was 1"],
    ),
    (put(f"{QUESTION} properties title pattern", "^a"), ["`Question.title` has another pattern"]),
    (put(f"{QUESTION} properties title enum", ["a"]), ["`Question.title` takes a only"]),
    (put("components schemas Word enum", ["low"]), ["`Word.high` is gone"]),
    (put(f"{ANSWER} properties seq", None), ["`Answer.seq` is gone"]),
    (put(f"{ANSWER} required", ["id"]), ["`Answer.status` may be absent now"]),
    (put(f"{ANSWER} properties status enum", ["pending"]), ["`Answer.status.approved` is gone"]),
    (
        put(f"{ANSWER} properties seq type", ["integer", "null"]),
        ["`Answer.seq` was integer and is integer or null"],
    ),
    (put(f"{ANSWER} properties seq type", "number"), ["`Answer.seq` was integer and is number"]),
    (
        put("components schemas Source enum +", "webhook"),
        ["`Source.webhook` is new in an enum that was closed"],
    ),
]

HARMLESS = [
    put("paths /more", {"get": {"operationId": "more", "responses": {"200": {}}}}),
    put(f"{ASK} security +", {"apiKey": ["reviewer"]}),
    put(f"{ASK} parameters +", {"name": "who", "in": "query", "schema": {}}),
    put(f"{ASK} parameters 0 schema maximum", 500),
    put(f"{ASK} responses 202", {"description": "Later."}),
    put(f"{QUESTION} properties more", {"type": "string"}),
    put(f"{QUESTION} required", []),
    put(f"{QUESTION} properties title maxLength", 800),
    put(f"{QUESTION} properties hours type", ["number", "string"]),
    put("components schemas Word enum +", "middle"),
    put(f"{ANSWER} properties more", {"type": "string"}),
    put(f"{ANSWER} required +", "seq"),
    put(f"{ANSWER} properties status enum +", "expired"),
    put(f"{ANSWER} properties id maxLength", 10),
]


@pytest.mark.parametrize("change, expected", BREAKS, ids=[words[0] for _, words in BREAKS])
def test_what_is_removed_or_narrowed_is_found(
    tool: ModuleType, change: Any, expected: list[str]
) -> None:
    changed = contract()
    change(changed)
    assert [str(it) for it in tool.breaks(contract(), changed)] == expected


@pytest.mark.parametrize("number", range(len(HARMLESS)))
def test_what_is_added_or_widened_is_none(tool: ModuleType, number: int) -> None:
    changed = contract()
    HARMLESS[number](changed)
    assert changed != contract()
    assert tool.breaks(contract(), changed) == []


def test_the_other_way_round_most_of_it_would_be_one(tool: ModuleType) -> None:
    for number, change in enumerate(HARMLESS):
        changed = contract()
        change(changed)
        if number not in (4, 13):  # a new answer that goes, and a limit of what is received
            assert tool.breaks(changed, contract()) != [], number


def test_an_operation_that_moves_is_named(tool: ModuleType) -> None:
    changed = contract()
    changed["paths"]["/questions"] = changed["paths"].pop("/asks")
    assert [str(it) for it in tool.breaks(contract(), changed)] == [
        "`ask` has moved from POST /asks"
    ]


def test_a_schema_that_contains_itself_comes_to_an_end(tool: ModuleType) -> None:
    old, new = contract(), contract()
    for root in (old, new):
        root["components"]["schemas"]["Answer"]["properties"]["parent"] = {
            "$ref": "#/components/schemas/Answer"
        }
    assert tool.breaks(old, new) == []


def test_the_contract_is_compatible_with_itself(tool: ModuleType) -> None:
    now = yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))
    assert tool.breaks(now, copy.deepcopy(now)) == []
    without = copy.deepcopy(now)
    del without["paths"]["/api/v1/nodes"]
    assert [it.subject for it in tool.breaks(now, without)] == ["listNodes"]


def run(tmp_path: Path, changelog: str) -> subprocess.CompletedProcess[str]:
    changed = contract()
    del changed["components"]["schemas"]["Question"]["properties"]["hours"]
    for name, node in (("old", contract()), ("new", changed)):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(node), encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(changelog, encoding="utf-8")
    command = [sys.executable, str(SCRIPT), "--old", "old.yaml", "--new", "new.yaml"]
    return subprocess.run(
        [*command, "--changelog", "CHANGELOG.md"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "changelog, status",
    [
        ("## [Unreleased]\n\n- `Question.hours` is gone.\n", 0),
        ("## [Unreleased]\n\n- Question hours.\n", 1),
        ("## [Unreleased]\n\n## [1.0.0]\n\n- `Question.hours` is gone.\n", 1),
        ("", 1),
    ],
)
def test_it_fails_unless_the_changelog_names_it(
    tmp_path: Path, changelog: str, status: int
) -> None:
    ran = run(tmp_path, changelog)
    assert ran.returncode == status, ran.stderr
    assert ("`Question.hours` is gone" in ran.stderr) == (status == 1)


def test_the_working_tree_passes() -> None:
    ran = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
