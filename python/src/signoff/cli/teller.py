"""Tells the demo's story: one line for each thing that was seen to happen, with its time."""

from typing import Final

from rich.text import Text

from signoff.cli import output, times
from signoff.clock import Clock

_MARGIN: Final = 16


class Teller:
    """Prints what happened and how long it took; `quiet` leaves standard output to JSON."""

    def __init__(self, clock: Clock, *, quiet: bool) -> None:
        self._clock = clock
        self._quiet = quiet
        self._began = self._last = clock.monotonic()

    def done(self, heading: str, *lines: str) -> None:
        """Something was seen; the lines say what."""
        now = self._clock.monotonic()
        took = times.span(now - self._last)
        self._last = now
        first, *rest = lines
        line = Text.assemble(
            ("✓ ", "bold green"),
            (f"{heading:<{_MARGIN}}", "bold"),
            output.safe(first),
            (f"  {took}", "dim"),
        )
        self._print(line)
        for more in rest:
            self.note(more)

    def note(self, text: str) -> None:
        """A line that belongs to the one before."""
        self._print(Text.assemble(" " * (_MARGIN + 2), output.safe(text)))

    def show(self, text: str) -> None:
        """Lines of a program, as they are run."""
        for line in text.splitlines():
            self._print(Text(f"  {line}", style="cyan"))

    def resume(self) -> None:
        """What a person took to think is no part of how long it took."""
        now = self._clock.monotonic()
        self._began += now - self._last
        self._last = now

    @property
    def seconds(self) -> float:
        """How long it took so far."""
        return self._last - self._began

    def _print(self, line: Text) -> None:
        output.console(errors=self._quiet).print(line)
