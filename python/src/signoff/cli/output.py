"""What commands print: data on standard output, all else on standard error.

Text that others wrote (titles, feedback, ids) is shown with its control characters made visible:
a question must not be able to repaint the terminal of whoever decides it.
"""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from signoff.cli import times
from signoff.contract_gen import ApprovalStatus, ExecutionStatus
from signoff.strict_json import dumps_text
from signoff.wire import Record

# Control characters, and the marks that turn the direction of text around.
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_STYLES: Final[Mapping[str, str]] = {
    ExecutionStatus.RUNNING: "cyan",
    ExecutionStatus.WAITING: "yellow",
    ExecutionStatus.SUCCEEDED: "green",
    ExecutionStatus.FAILED: "red",
    ExecutionStatus.TIMEOUT: "red",
    ApprovalStatus.PENDING: "yellow",
    ApprovalStatus.APPROVED: "green",
    ApprovalStatus.REJECTED: "red",
    ApprovalStatus.REQUEST_CHANGES: "magenta",
}
# Wide enough for any row: where nobody looks, nothing is cut or folded.
_ENDLESS: Final = 100_000

Cell = str | Text | None


def console(*, errors: bool = False) -> Console:
    """Standard output, or standard error; colours and folding only where a person reads."""
    stream = sys.stderr if errors else sys.stdout
    width = None if stream.isatty() else _ENDLESS
    return Console(
        file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=True
    )


def safe(text: str) -> str:
    """The text on one line, with its control characters as escapes that do nothing."""
    return _CONTROLS.sub(lambda match: _visible(match[0]), text)


def safe_lines(text: str) -> str:
    """The same with its line ends kept."""
    return "\n".join(safe(line) for line in text.splitlines())


def status(word: str) -> Text:
    """A status word in its colour."""
    return Text(safe(word), style=_STYLES.get(word, ""))


def say(text: str | Text = "") -> None:
    """A line on standard output."""
    console().print(text)


def remark(text: str | Text) -> None:
    """A line on standard error: for people, never part of the data."""
    console(errors=True).print(text)


def table(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Rows under headings. The first column is what others commands take: it is never folded."""
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for place, heading in enumerate(headings):
        shown.add_column(heading, no_wrap=place == 0, overflow="ignore" if place == 0 else "fold")
    for row in rows:
        shown.add_row(*map(_cell, row))
    _lay_out(shown)


def facts(members: Iterable[tuple[str, Cell]]) -> None:
    """Names and values, one a line; members without a value are left out."""
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    shown.add_column(style="dim", no_wrap=True)
    shown.add_column(overflow="fold")
    for name, value in members:
        if value is not None:
            shown.add_row(name, _cell(value))
    _lay_out(shown)


def say_status(name: str, word: str, remark: str = "") -> None:
    """What something is now, after the command has changed it."""
    after = f"  {remark}" if remark else ""
    say(Text.assemble(safe(name), "  ", status(word), (after, "dim")))


def when(at: str | None, now: float) -> str | None:
    """A time by this machine's clock, and how far off it is; None where there is none."""
    return None if at is None else f"{times.local(at)}  ({times.relative(at, now)})"


def print_page(items: Sequence[Record], cursor: str | None) -> None:
    """A list in the contract's shape; `next_cursor` when there is more than was asked for."""
    after = {} if cursor is None else {"next_cursor": cursor}
    print_json({"items": [plain(item) for item in items]} | after)


def remark_more(count: int, cursor: str | None, what: str) -> None:
    """Say beside a table that there is nothing in it, or more than it shows."""
    if count == 0:
        remark(f"no {what}")
    elif cursor is not None:
        remark(f"… and more: --limit {count * 4}")


def plain(value: object) -> Any:
    """A model as the JSON that it came from."""
    if isinstance(value, Record):
        return value.model_dump(mode="json", exclude_unset=True)
    return value


def print_json(value: object) -> None:
    """One JSON document, indented; integers of any size keep every digit."""
    text = json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False)
    _write(text)


def print_json_line(value: object) -> None:
    """One JSON document on one line, as in JSON Lines."""
    _write(dumps_text(plain(value)))


def plain_word(value: object) -> str:
    """A word as it is, anything else as JSON."""
    return value if isinstance(value, str) else dumps_text(value)


def json_words(value: object) -> str:
    """User JSON on one line, for people."""
    return safe(dumps_text(value))


def _write(text: str) -> None:
    if sys.stdout.isatty():
        # In a text that is JSON they stand inside strings only, but for the line ends.
        text = _CONTROLS.sub(lambda m: m[0] if m[0] == "\n" else f"\\u{ord(m[0]):04x}", text)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _lay_out(shown: Table) -> None:
    target = console()
    if target.is_terminal:
        target.print(shown, soft_wrap=False)
        return
    with target.capture() as laid_out:
        target.print(shown, soft_wrap=False)
    # In a file the blanks after the last column are of no use.
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in laid_out.get().splitlines())


def _cell(value: Cell) -> Text:
    if isinstance(value, Text):
        return value
    return Text("" if value is None else safe_lines(value))


def _visible(character: str) -> str:
    return repr(character)[1:-1] if character < "\x7f" else f"\\u{ord(character):04x}"
