"""Compares `openapi.yaml` with the last tag's: what is gone or narrower has to be in the CHANGELOG.

    python tools/compatibility.py                     # the working tree against the last tag
    python tools/compatibility.py --old OLD --new NEW --changelog FILE

A break is named when its subject stands in backticks under *Unreleased*: an operationId, a
parameter (`listNodes limit`), a schema, a field (`Approval.title`), or a word
(`ApprovalStatus.expired`). Whoever sends may be asked for no more than before, whoever receives
must find no less; words of an enum with `x-open-enum` may become more, as every client keeps those
that it does not know.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from contract_file import CONTRACT, ROOT, Node, load, media_types, operations, resolve, schema_name

CHANGELOG = ROOT / "CHANGELOG.md"

Side = Literal["sends", "receives"]
"""Of those that others have written: clients, reviewers, agents."""

UPPER = ("maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties")
LOWER = ("minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties")


@dataclass(frozen=True)
class Break:
    """`subject` is what the CHANGELOG has to name, `what` is what happened to it."""

    subject: str
    what: str

    def __str__(self) -> str:
        return f"`{self.subject}` {self.what}"


def breaks(old: Node, new: Node) -> list[Break]:
    """Everything that `new` takes away from those who wrote against `old`; each once."""
    comparison = _Comparison(old, new)
    found = [*comparison.section("paths"), *comparison.section("webhooks")]
    return list(dict.fromkeys(found))


class _Comparison:
    def __init__(self, old: Node, new: Node) -> None:
        self.old, self.new = old, new
        self.seen: set[tuple[str | None, str | None, Side]] = set()

    def section(self, section: str) -> Iterator[Break]:
        now = {it["operationId"]: (at, how, it) for at, how, it in operations(self.new, section)}
        # What the server sends, others receive; what they answer, they send.
        body: Side = "sends" if section == "paths" else "receives"
        answer: Side = "receives" if section == "paths" else "sends"
        for path, method, old in operations(self.old, section):
            name = old["operationId"]
            if name not in now:
                yield Break(name, "is gone")
                continue
            new_path, new_method, new = now[name]
            if section == "paths" and (path, method) != (new_path, new_method):
                yield Break(name, f"has moved from {method.upper()} {path}")
            yield from _roles(name, old, new)
            before = _parameters(self.old, self.old[section][path], old)
            after = _parameters(self.new, self.new[section][new_path], new)
            yield from self.parameters(name, before, after)
            yield from self.bodies(name, old, new, body)
            yield from self.answers(name, old, new, answer)

    def parameters(self, name: str, old: dict[str, Node], new: dict[str, Node]) -> Iterator[Break]:
        for word, parameter in old.items():
            if word not in new:
                yield Break(f"{name} {word}", "is gone")
                continue
            if new[word].get("required") and not parameter.get("required"):
                yield Break(f"{name} {word}", "is required now")
            after = new[word]["schema"]
            yield from self.schema(f"{name} {word}", parameter["schema"], after, "sends")
        for word, parameter in new.items():
            if word not in old and parameter.get("required"):
                yield Break(f"{name} {word}", "is new and required")

    def bodies(self, name: str, old: Node, new: Node, side: Side) -> Iterator[Break]:
        before = resolve(self.old, old.get("requestBody", {}))
        after = resolve(self.new, new.get("requestBody", {}))
        if after.get("required") and not before.get("required"):
            yield Break(name, "wants a body")
        yield from self.media(name, before, after, side)

    def answers(self, name: str, old: Node, new: Node, side: Side) -> Iterator[Break]:
        for status, answer in old["responses"].items():
            if status not in new["responses"]:
                if status.startswith("2"):
                    yield Break(name, f"answers {status} no more")
                continue
            before, after = resolve(self.old, answer), resolve(self.new, new["responses"][status])
            yield from self.media(name, before, after, side)

    def media(self, name: str, old: Node, new: Node, side: Side) -> Iterator[Break]:
        after = dict(media_types(self.new, new))
        for kind, media in media_types(self.old, old):
            if kind not in after:
                yield Break(name, f"knows {kind} no more")
            elif "schema" in media and "schema" in after[kind]:
                yield from self.schema(name, media["schema"], after[kind]["schema"], side)

    def schema(self, at: str, old: Node, new: Node, side: Side) -> Iterator[Break]:
        names = schema_name(old), schema_name(new)
        if names[0] is not None or names[1] is not None:
            if (*names, side) in self.seen:
                return
            self.seen.add((*names, side))
            at = names[0] or at
        before, after = resolve(self.old, old), resolve(self.new, new)
        yield from _types(at, before, after, side)
        yield from _words(at, before, after, side)
        if side == "sends":
            yield from _limits(at, before, after)
        yield from self.fields(at, before, after, side)
        if "items" in before and "items" in after:
            yield from self.schema(f"{at}[]", before["items"], after["items"], side)

    def fields(self, at: str, old: Node, new: Node, side: Side) -> Iterator[Break]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed_before, needed_after = set(old.get("required", [])), set(new.get("required", []))
        for field, schema in before.items():
            if field not in after:
                yield Break(f"{at}.{field}", "is gone")
                continue
            yield from self.schema(f"{at}.{field}", schema, after[field], side)
        kept = before.keys() & after.keys()
        if side == "sends":
            for field in sorted(needed_after - needed_before):
                yield Break(f"{at}.{field}", "is required now")
            open_before, open_after = (it.get("additionalProperties", True) for it in (old, new))
            if open_before is not False and open_after is False:
                yield Break(at, "takes no other fields any more")
        else:
            for field in sorted((needed_before - needed_after) & kept):
                yield Break(f"{at}.{field}", "may be absent now")


def _roles(name: str, old: Node, new: Node) -> Iterator[Break]:
    before, after = (
        {role for entry in it.get("security", []) for role in entry.get("apiKey", [])}
        for it in (old, new)
    )
    if after and not before:
        yield Break(name, "wants a key")
    elif after:
        for role in sorted(before - after):
            yield Break(name, f"is closed to the role {role}")


def _parameters(contract: Node, item: Node, operation: Node) -> dict[str, Node]:
    every = [*item.get("parameters", []), *operation.get("parameters", [])]
    return {found["name"]: found for found in (resolve(contract, it) for it in every)}


def _types(at: str, old: Node, new: Node, side: Side) -> Iterator[Break]:
    def of(schema: Node) -> set[str] | None:
        kind = schema.get("type")
        return None if kind is None else {kind} if isinstance(kind, str) else set(kind)

    before, after = of(old), of(new)
    # What is sent has to be taken as before; what is received has to be what it was before.
    given, taken = (before, after) if side == "sends" else (after, before)
    if taken is None or before == after:  # what has no type is anything
        return
    if given is None or given - taken - ({"integer"} if "number" in taken else set()):
        yield Break(at, f"was {_shown(before)} and is {_shown(after)}")


def _shown(kinds: set[str] | None) -> str:
    return " or ".join(sorted(kinds)) if kinds else "anything"


def _words(at: str, old: Node, new: Node, side: Side) -> Iterator[Break]:
    before, after = old.get("enum"), new.get("enum")
    if before is None and after is not None and side == "sends":
        yield Break(at, f"takes {', '.join(map(str, after))} only")
    if before is None or after is None:
        return
    for word in before:
        if word not in after:
            yield Break(f"{at}.{word}", "is gone")
    if side == "receives" and not old.get("x-open-enum"):
        for word in after:
            if word not in before:
                yield Break(f"{at}.{word}", "is new in an enum that was closed")


def _limits(at: str, old: Node, new: Node) -> Iterator[Break]:
    for word in (*UPPER, *LOWER):
        before, after = old.get(word), new.get(word)
        if after is None or before == after:
            continue
        if before is None or (after < before if word in UPPER else after > before):
            yield Break(at, f"has {word} {after}, it was {'none' if before is None else before}")
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield Break(at, "has another pattern")


def unnamed(found: list[Break], changelog: str) -> list[Break]:
    """Those that stand nowhere under *Unreleased*."""
    _, _, after = changelog.partition("## [Unreleased]")
    unreleased, _, _ = after.partition("\n## [")
    return [it for it in found if f"`{it.subject}`" not in unreleased]


def _git(*arguments: str) -> str | None:
    command = ["git", "-C", str(ROOT), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return ran.stdout if ran.returncode == 0 else None


def _last_tag() -> tuple[str, Any] | None:
    tag = (_git("describe", "--tags", "--abbrev=0") or "").strip()
    text = _git("show", f"{tag}:openapi.yaml") if tag else None
    if text is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "openapi.yaml"
        path.write_text(text, encoding="utf-8")
        return tag, load(path)


def main() -> int:
    """Compare; return the exit status."""
    told = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    told.add_argument("--old", type=Path, help="the contract before; by default the last tag's")
    told.add_argument("--new", type=Path, default=CONTRACT)
    told.add_argument("--changelog", type=Path, default=CHANGELOG)
    given = told.parse_args()
    before = (str(given.old), load(given.old)) if given.old else _last_tag()
    if before is None:
        print("no tag has an openapi.yaml yet: there is nothing to be compatible with")
        return 0
    found = breaks(before[1], load(given.new))
    silent = unnamed(found, given.changelog.read_text(encoding="utf-8"))
    for each in silent:
        print(f"{each}; say so under Unreleased in {given.changelog.name}", file=sys.stderr)
    print(f"against {before[0]}: {len(found)} breaks, {len(silent)} of them not named")
    return 1 if silent else 0


if __name__ == "__main__":
    raise SystemExit(main())
