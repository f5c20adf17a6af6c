"""Time for tests of the SDK: a wait takes none and is written down."""

from dataclasses import dataclass, field


@dataclass
class FakeClock:
    """For the blocking client. `at` is both clocks, `waits` what was asked for."""

    at: float = 1_767_605_400.0  # 2026-01-05T09:30:00Z
    waits: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.at += seconds


@dataclass
class AsyncFakeClock:
    """For the asynchronous client."""

    at: float = 1_767_605_400.0
    waits: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.at += seconds
