"""The table of verbs in the top README: one row a verb, one column a language.

Operations come from `openapi.yaml`, in its order; the verbs that people think in are named here.
Each name follows by one rule a language, and has to be found in that language's source: a verb
that one of them lacks is a mistake, unless it is excused here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contract_file import METHODS, ROOT, load

BEGIN: Final = "<!-- printed by tools/verbs.py; do not edit -->\n"
END: Final = "<!-- end of the verbs -->\n"
LANGUAGES: Final = ("Python", "Go", "TypeScript")

AGENT: Final = ("reasoner", "run", "pause", "waitForResume", "call", "step", "note", "ai")
CLIENT: Final = (
    *("pause", "requestApproval", "waitForApproval", "findApprovalRequest", "decide", "respond"),
    *("waitForExecution", "streamEvents"),
)
SIGNATURES: Final = (
    *("verifyWebhook", "verifyApprovalResponse", "signWebhook", "signApprovalResponse"),
    "newSecret",
)

OTHERWISE: Final = {
    ("agent", "reasoner", "Go"): "AddReasoner",
    ("agent", "run", "TypeScript"): "listen",
    ("agent", "ai", "Go"): None,
    ("agent", "ai", "TypeScript"): None,
}
"""What does not follow the rule: Go has no methods with type parameters, and a model is asked in a
step of one's own where there is no `ai`."""

PYTHON: Final = "python/src/signoff"
TYPESCRIPT: Final = "typescript/sdk/src"


@dataclass(frozen=True, slots=True)
class Home:
    """Where names of one kind are declared in a language, and how the table writes them."""

    files: tuple[str, ...]
    declared: str
    shown: str


HOMES: Final = {
    ("agent", "Python"): Home((f"{PYTHON}/agent/app.py",), r"^    (async )?def {}\(", "app.{}"),
    ("agent", "Go"): Home(("go/agent*.go",), r"^func (\([ra] \*(Run|Agent)\) )?{}[\[(]", "run.{}"),
    ("agent", "TypeScript"): Home(
        (f"{TYPESCRIPT}/agent/run.ts", f"{TYPESCRIPT}/agent/agent.ts"),
        r"^  (async )?{}[<(]",
        "ctx.{}",
    ),
    ("client", "Python"): Home(
        (f"{PYTHON}/client.py", f"{PYTHON}/operations.py"), r"^    (async )?def {}\(", "{}"
    ),
    ("client", "Go"): Home(("go/*.go",), r"^func \(c \*Client\) {}\(", "{}"),
    ("client", "TypeScript"): Home(
        (f"{TYPESCRIPT}/client.ts", f"{TYPESCRIPT}/operations.ts"), r"^  (async )?\*?{}[<(]", "{}"
    ),
    ("signatures", "Python"): Home((f"{PYTHON}/webhook.py",), r"^def {}\(", "{}"),
    ("signatures", "Go"): Home(("go/webhook.go",), r"^func {}\(", "{}"),
    ("signatures", "TypeScript"): Home(
        (f"{TYPESCRIPT}/webhook.ts",), r"^export (async )?function {}\(", "{}"
    ),
}

SHOWN: Final = {
    ("run", "Go"): "agent.Run",
    ("reasoner", "Go"): "signoff.AddReasoner",
    ("reasoner", "Python"): "@app.reasoner",
    ("reasoner", "TypeScript"): "agent.reasoner",
    ("run", "TypeScript"): "agent.listen",
}


def tables() -> str:
    """Return the verbs of people, and folded away those of the contract, in Markdown."""
    lines = ["| in a reasoner | " + " | ".join(LANGUAGES) + " |", "|---|---|---|---|"]
    lines += [_row(verb, "agent") for verb in AGENT]
    lines += ["| **from any program** | | | |", *(_row(verb, "client") for verb in CLIENT)]
    lines += ["| **signatures** | | | |", *(_row(verb, "signatures") for verb in SIGNATURES)]
    lines += ["", "<details><summary>Operations of the contract</summary>", ""]
    lines += ["| operationId | " + " | ".join(LANGUAGES) + " |", "|---|---|---|---|"]
    lines += [*(_row(verb, "client") for verb in _client_side()), "", "</details>"]
    return "\n".join(lines) + "\n"


def with_table(readme: str) -> str:
    """Return the README with the table as it has to be now."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"README.md has no place for the verbs, between {BEGIN!r} and {END!r}")
    return before + BEGIN + tables() + END + after


def _client_side() -> Iterator[str]:
    """Yield the operations that more than agents may call, in the contract's order."""
    for item in load()["paths"].values():
        for operation in (item[method] for method in item if method in METHODS):
            roles = [role for entry in operation["security"] for role in entry.get("apiKey", [])]
            if roles != ["agent", "admin"]:
                yield operation["operationId"]


def _row(verb: str, kind: str) -> str:
    return "| " + " | ".join([verb, *(_cell(verb, kind, each) for each in LANGUAGES)]) + " |"


def _cell(verb: str, kind: str, language: str) -> str:
    ruled = _spelled(verb, language)
    name = OTHERWISE.get((kind, verb, language), ruled)
    home = HOMES[kind, language]
    if name != ruled and _is_declared(ruled, home):
        raise SystemExit(f"{verb}: {language} has {ruled} now; take its excuse out of verbs.py")
    if name is None:
        return "–"
    if not _is_declared(name, home):
        raise SystemExit(f"{verb}: {language} has no {name} in {', '.join(home.files)}")
    shown = SHOWN.get((verb, language)) if kind == "agent" else None
    return f"`{shown or home.shown.format(name)}`"


def _is_declared(name: str, home: Home) -> bool:
    source = "".join(_text(pattern) for pattern in home.files)
    return re.search(home.declared.format(re.escape(name)), source, re.MULTILINE) is not None


def _spelled(verb: str, language: str) -> str:
    if language == "Python":
        return re.sub("(?<=[a-z])([A-Z])", r"_\1", verb).lower()
    return verb[0].upper() + verb[1:] if language == "Go" else verb


def _text(pattern: str) -> str:
    """Return the text of all files that fit, tests left out."""
    found = [path for path in sorted(Path(ROOT).glob(pattern)) if "_test" not in path.name]
    return "".join(path.read_text(encoding="utf-8") for path in found)
