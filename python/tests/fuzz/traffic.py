"""What schemathesis has really sent and heard, read from its report."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


class Traffic:
    """The requests of some runs: which operations answered how, which links were followed."""

    def __init__(self, reports: Iterable[Path]) -> None:
        self.answers: defaultdict[str, Counter[int]] = defaultdict(Counter)
        """By method and path as the contract writes it: how often each status was answered."""
        self.links: defaultdict[str, Counter[int]] = defaultdict(Counter)
        """By the id of a link: what was answered to requests that used what it extracted."""
        self.phases: Counter[str] = Counter()
        for report in reports:
            for scenario in _scenarios(report):
                self._count(scenario)

    def _count(self, scenario: dict[str, Any]) -> None:
        recorder = scenario["recorder"]
        for case_id, node in recorder.get("cases", {}).items():
            answer = recorder.get("interactions", {}).get(case_id, {}).get("response")
            if answer is None:
                continue
            case = node["value"]
            self.answers[f"{case['method'].upper()} {case['path']}"][answer["status_code"]] += 1
            self.phases[scenario["phase"]] += 1
            if node.get("is_transition_applied"):
                self.links[node["transition"]["id"]][answer["status_code"]] += 1


def _scenarios(report: Path) -> Iterator[dict[str, Any]]:
    with report.open() as lines:
        for line in lines:
            event = json.loads(line)
            if "ScenarioFinished" in event:
                yield event["ScenarioFinished"]
