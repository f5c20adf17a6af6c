"""The contract as each generator has to see it, so that generated types keep every value.

A view only tells a generator what the contract cannot say (`x-go-type`, for one), and takes away
what it would do harm with.
"""

import re
from collections.abc import Callable
from typing import Any

from contract_file import (
    Node,
    answer_schemas,
    is_free,
    is_scalar,
    request_schemas,
    schema_name,
    schemas,
)

# The server checks these and answers with pointers. A model that checked them too would give
# users a second kind of error, and would refuse what a newer server allows.
_LIMITS = (
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minItems",
    "maxItems",
    "uniqueItems",
)


def _each_schema(node: Any, visit: Callable[[Node], None]) -> None:
    """Call `visit` with `node` and with every schema within it."""
    if isinstance(node, dict):
        visit(node)
        for inner in node.get("properties", {}).values():
            _each_schema(inner, visit)
        for word in ("items", "additionalProperties"):
            _each_schema(node.get(word), visit)


def _without(contract: Node, *words: str) -> None:
    def remove(schema: Node) -> None:
        for word in words:
            schema.pop(word, None)

    for schema in schemas(contract).values():
        _each_schema(schema, remove)


def _inline_values(contract: Node) -> None:
    """Put named texts, numbers and user JSON where they are used: no class has to wrap them."""
    named = schemas(contract)
    values = {
        name: schema for name, schema in named.items() if is_scalar(schema) or is_free(schema)
    }

    def inline(schema: Node) -> None:
        if (name := schema_name(schema)) in values:
            own = {key: value for key, value in schema.items() if key != "$ref"}
            schema.clear()
            schema.update(values[name] | own)

    for name in values:
        del named[name]
    for schema in named.values():
        _each_schema(schema, inline)


def _schemas_only(contract: Node) -> Node:
    return {
        "openapi": contract["openapi"],
        "info": {"title": contract["info"]["title"], "version": contract["info"]["version"]},
        "paths": {},
        "components": {"schemas": schemas(contract)},
    }


def _trim_description(schema: Node) -> None:
    if "description" in schema:
        schema["description"] = schema["description"].strip()


def python_view(contract: Node) -> Node:
    """Leave shape and types; open objects are what the base class makes them."""
    _inline_values(contract)
    _without(contract, "examples", *_LIMITS)
    for schema in schemas(contract).values():
        _each_schema(schema, _trim_description)
        if schema.get("additionalProperties") is True:
            del schema["additionalProperties"]
        if "enum" in schema:
            words = [re.sub("(?<=[a-z])(?=[A-Z])", "_", word) for word in schema["enum"]]
            schema["x-enum-varnames"] = [re.sub("[^A-Z0-9]", "_", word.upper()) for word in words]
    return _schemas_only(contract)


def open_words(contract: Node) -> list[str]:
    """Return the names of the enums to which a newer server may add words."""
    return [name for name, schema in schemas(contract).items() if schema.get("x-open-enum") is True]


def _zero_is_no_value(schema: Node) -> bool:
    """Say whether Go's zero value lies outside `schema`, so that it can stand for absent."""
    match schema.get("type"):
        case "string":
            return "enum" in schema or schema.get("minLength", 0) > 0 or _refuses_empty(schema)
        case "integer" | "number":
            return bool(schema.get("exclusiveMinimum", -1) >= 0 or schema.get("minimum", 0) > 0)
    return False


def _refuses_empty(schema: Node) -> bool:
    return "pattern" in schema and re.search(schema["pattern"], "") is None


def _zero_means_absent(schema: Node) -> bool:
    """Say whether a client loses nothing by leaving out Go's zero value of `schema`."""
    if _zero_is_no_value(schema) or schema.get("type") == "string":
        return True
    zero: dict[Any, Any] = {"boolean": False, "integer": 0, "number": 0}
    return "default" in schema and schema["default"] == zero.get(schema.get("type"))


def _go_property(schema: Node, target: Node, *, required: bool, sent: bool) -> None:
    """Tell oapi-codegen how to hold one property.

    User JSON stays text (integers of any size, keys in order). An optional value is a pointer only
    where its zero value says something else than its absence.
    """
    if is_free(schema):
        schema["x-go-type"] = "json.RawMessage"
        schema["x-go-type-skip-optional-pointer"] = True
    elif not required and schema.get("type") == "array":
        schema["x-go-type-skip-optional-pointer"] = True
        schema["x-omitempty"] = False
        schema["x-omitzero"] = True
    elif not required:
        plain = _zero_means_absent(target) if sent else _zero_is_no_value(target)
        schema["x-go-type-skip-optional-pointer"] = plain


def go_view(contract: Node) -> Node:
    """Order fields as the contract does; say which are pointers and which hold user JSON."""
    sent, answers = request_schemas(contract), open_answers(contract)
    _inline_values(contract)
    _without(contract, "examples")
    named = schemas(contract)
    for name, owner in named.items():
        for position, (member, schema) in enumerate(owner.get("properties", {}).items()):
            required = member in owner.get("required", [])
            target = named.get(schema_name(schema) or "", schema)
            _go_property(schema, target, required=required, sent=name in sent)
            schema["x-order"] = position
        owner.pop("additionalProperties", None)
    for name in answers:
        named[name]["properties"]["extra"] = dict(_GO_EXTRA)
    return _schemas_only(contract)


_GO_EXTRA = {
    "description": "Members that this version does not know, as they came.",
    "x-go-name": "Extra",
    "x-go-type": "map[string]json.RawMessage",
    "x-go-type-skip-optional-pointer": True,
    "x-go-json-ignore": True,
    "x-order": 1000,
}


def open_answers(contract: Node) -> list[str]:
    """Return the names of the objects to which a newer server may add members."""
    answers = answer_schemas(contract)
    named = schemas(contract).items()
    return [name for name, schema in named if schema.get("properties") and name in answers]


def typescript_view(contract: Node) -> Node:
    """Leave out the examples: JavaScript's numbers would not even print them right."""
    _without(contract, "examples")
    return contract
