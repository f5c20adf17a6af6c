"""Reading YAML and JSON files that people write: what is wrong is said with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema_rs import Draft202012Validator, ValidationError

from signoff_conformance import places


class DocumentError(Exception):
    """A file can't be used: which one, where in it (a JSON Pointer, or a line), what is wrong."""

    def __init__(self, path: Path, place: str, what: str) -> None:
        super().__init__(f"{path.name}{':' if place else ''}{place}: {what}")
        self.path = path
        self.place = place
        self.what = what


def read(path: Path, schema: str) -> Any:
    """The value of a YAML or JSON file that fits ``schemas/{schema}.json``.

    Raises:
        DocumentError: it is not there, no YAML, has a key twice, or does not fit.
    """
    value = load(path)
    check(value, schema, path)
    return value


def load(path: Path) -> Any:
    """The value of a YAML or JSON file.

    Raises:
        DocumentError: it is not there, no YAML, or has a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(path, "", f"can't be read: {error}") from None
    try:
        if path.suffix == ".json":
            return json.loads(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader, see below
    except json.JSONDecodeError as error:
        raise DocumentError(path, str(error.lineno), error.msg) from None
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else str(error.problem_mark.line + 1)
        raise DocumentError(path, line, error.problem or "no YAML") from None


def check(value: Any, schema: str, path: Path) -> None:
    """Raise DocumentError at the first place where ``value`` does not fit the schema."""
    for error in _faults(value, schema):
        place = "/" + "/".join(str(part) for part in error.instance_path)
        raise DocumentError(path, place, error.message)


def _faults(value: Any, schema: str) -> Iterator[ValidationError]:
    return iter(_validator(schema).iter_errors(value))


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(load(places.SCHEMAS / f"{schema}.json"))


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML in which a key stands once, and dates, `no` and `on` are the words that they are."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    made: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in made:
            raise yaml.MarkedYAMLError(problem=f"{key} twice", problem_mark=key_node.start_mark)
        made[key] = loader.construct_object(value_node, deep=True)
    return made


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_UNWANTED = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag not in _UNWANTED]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), ["t", "f"])
