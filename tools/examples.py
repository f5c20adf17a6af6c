"""Lists every example of a message in the contract, for the codec tests of all three languages.

Prints a JSON array of `{id, schema, free, value}`: where the example stands, the name of its
schema (null: any JSON), the JSON pointers of the user JSON in it, and its value as JSON text: text,
because user JSON holds integers that a JavaScript number does not.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contract_file import (
    CONTRACT,
    Node,
    is_free,
    load,
    media_types,
    operations,
    resolve,
    schema_name,
    schemas,
)


def _escape(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def _free_pointers(contract: Node, schema: Node, value: Any, at: str) -> Iterator[str]:
    schema = resolve(contract, schema)
    if is_free(schema):
        yield at
    elif isinstance(value, dict):
        members = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        for key, inner in value.items():
            of_key = members.get(key, others if isinstance(others, dict) else {})
            yield from _free_pointers(contract, of_key, inner, f"{at}/{_escape(key)}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _free_pointers(contract, schema["items"], inner, f"{at}/{index}")


def _of_media(contract: Node, media: Node) -> Iterator[tuple[str, Any]]:
    if "example" in media:
        yield "example", media["example"]
    for name, example in media.get("examples", {}).items():
        yield name, resolve(contract, example)["value"]


def _of_bodies(contract: Node, at: str, bodies: dict[str, Node]) -> Iterator[tuple[str, Node, Any]]:
    for place, body in bodies.items():
        for media_type, media in media_types(contract, body):
            if media_type != "application/json" and not media_type.endswith("+json"):
                continue
            for name, value in _of_media(contract, media):
                yield f"{at}/{place}/{_escape(media_type)}/{_escape(name)}", media["schema"], value


def _placed(contract: Node) -> Iterator[tuple[str, Node, Any]]:
    for name, schema in schemas(contract).items():
        for index, value in enumerate(schema.get("examples", [])):
            reference = {"$ref": f"#/components/schemas/{name}"}
            yield f"components/schemas/{name}/examples/{index}", reference, value
    components = contract["components"]
    for section in ("requestBodies", "responses"):
        yield from _of_bodies(contract, f"components/{section}", components.get(section, {}))
    for section in ("paths", "webhooks"):
        for _, _, operation in operations(contract, section):
            at = f"{section}/{operation['operationId']}"
            bodies = {"requestBody": operation.get("requestBody", {}), **operation["responses"]}
            own = {place: body for place, body in bodies.items() if "$ref" not in body}
            yield from _of_bodies(contract, at, own)


def examples(path: Path = CONTRACT) -> list[dict[str, Any]]:
    """Return every example of a message: see the module's first lines for their shape."""
    contract = load(path)
    return [
        {
            "id": place,
            "schema": schema_name(schema),
            "free": list(_free_pointers(contract, schema, value, "")),
            "value": json.dumps(value, ensure_ascii=False),
        }
        for place, schema, value in _placed(contract)
    ]


if __name__ == "__main__":
    json.dump(examples(), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
