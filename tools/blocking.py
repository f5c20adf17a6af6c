"""Writes the blocking twin of the client: the same code without its coroutines.

The text is taken token by token, so that a comment or a string is never mistaken for code; in
strings only the words of `PROSE` change.
"""

import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

from contract_file import ROOT

SDK = ROOT / "python" / "src" / "signoff"
MODULES = ("calls", "operations", "own_ids", "waiting", "listing", "client")
HEADER = "# Generated from signoff/{name}.py by tools/generate.py; do not edit.\n"

NAMES = {
    "AsyncCalls": "Calls",
    "AsyncClient": "Client",
    "AsyncClock": "Clock",
    "AsyncIterator": "Iterator",
    "AsyncListing": "Listing",
    "AsyncNetwork": "Network",
    "AsyncOperations": "Operations",
    "AsyncStream": "Stream",
    "AsyncSystemClock": "SystemClock",
    "AsyncTransport": "Transport",
    "AsyncTries": "Tries",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "aclose": "close",
    "asynccontextmanager": "contextmanager",
}
"""What is called otherwise; a name that starts with Async and is not here is an error."""

PROSE = {
    "async with": "with",
    "await ": "",
    "aclose": "close",
    "AsyncClient": "Client",
    "AsyncCalls": "Calls",
    "AsyncTries": "Tries",
    "for coroutines. One serves all of an event loop.": "for threads. One serves them all.",
}

# The paragraph of a first docstring that leads to the twin.
_LEADS_HERE = re.compile(r"\n\n[^\n]*generated from this file[^\"]*?(?=\n\"\"\"|\n\n)")
_AWAITABLE = re.compile(r"Awaitable\[((?:[^\[\]]|\[[^\[\]]*\])*)\]")


def _code(text: str) -> str:
    """Replace names, and take away `async` and `await` with the space after them."""
    out: list[str] = []
    row, column = 1, 0
    lines = text.splitlines(keepends=True)
    dropped = False
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        # What stands between two tokens, as it is written.
        while row < token.start[0]:
            out.append(lines[row - 1][column:])
            row, column = row + 1, 0
        if not dropped:
            out.append(lines[row - 1][column : token.start[1]] if row <= len(lines) else "")
        dropped = token.type == tokenize.NAME and token.string in ("async", "await")
        out.append("" if dropped else _replaced(token))
        row, column = token.end
    return "".join(out)


def _replaced(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.NAME:
        name = NAMES.get(token.string, token.string)
        if name.startswith("Async"):
            raise SystemExit(f"tools/blocking.py: {name} has no blocking twin")
        return name
    if token.type == tokenize.STRING:
        text = token.string
        for old, new in PROSE.items():
            text = text.replace(old, new)
        return text
    return token.string


def _formatted(text: str, path: str) -> str:
    """Let ruff take away the imports that nobody uses any more, sort the rest, and lay it out."""
    ruff = str(Path(sys.executable).with_name("ruff"))
    steps = [
        ["check", "--quiet", "--fix-only", "--exit-zero", "--select=F401,I001"],
        # `yield from`, which coroutines do not have.
        ["check", "--quiet", "--fix-only", "--exit-zero", "--select=UP028", "--unsafe-fixes"],
        ["format", "--quiet"],
    ]
    for step in steps:
        command = [ruff, *step, f"--stdin-filename={path}", "-"]
        done = subprocess.run(
            command, input=text, cwd=ROOT, capture_output=True, text=True, check=True
        )
        text = done.stdout
    return text


def twins() -> dict[str, str]:
    """Return the text of every generated module by its path in the repository."""
    made = {}
    for name in MODULES:
        path = f"python/src/signoff/blocking/{name}.py"
        source = (SDK / f"{name}.py").read_text(encoding="utf-8")
        leads_back = f"\n\nMade from `signoff/{name}.py`, which has all of it for coroutines."
        text = _code(_LEADS_HERE.sub(leads_back, source, count=1))
        text = _AWAITABLE.sub(r"\1", text)
        for module in MODULES:
            text = text.replace(f"from signoff.{module} ", f"from signoff.blocking.{module} ")
        made[path] = HEADER.format(name=name) + _formatted(text, path)
    return made
