"""That the benchmarks still run; how fast anything is, is not for tests to say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.report import Figure, table


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_every_figure_is_measured_beside_its_ceiling() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--json"],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    figures = json.loads(ran.stdout)["figures"]
    names = [each["name"].partition(",")[0] for each in figures]
    assert names == [
        "executions accepted",
        "gates passed",
        *["decision heard"] * 4,
        *["wait over"] * 6,
        *["40 suspended"] * 3,
        "start to first answer",
    ]
    # In the short time of a quick run on a busy machine not one gate may pass.
    assert all(each["value"] >= 0 for each in figures)
    assert all(each["ceiling"] > 0 for each in figures if "suspended" not in each["name"])
    assert all(each["value"] > 0 for each in figures if each["unit"] == "ms")


def test_more_is_better_a_second_and_less_in_milliseconds() -> None:
    gates = Figure("gates passed", 500.0, "/s", 1_000.0, 400)
    wakes = Figure("decision heard", 8.0, "ms", 2.0, 5)
    assert (gates.ratio, gates.met) == (0.5, True)
    assert (wakes.ratio, wakes.met) == (0.25, False)
    assert table([gates, wakes]).splitlines()[1].split() == [
        "gates", "passed", "500/s", "1,000/s", "50%", "≥", "400/s", "met",
    ]  # fmt: skip
