"""Runs main.py without a provider: pydantic-ai's test model assesses the $2,000,000 claim."""

import runpy
from pathlib import Path

from pydantic_ai.models.test import TestModel

from signoff.testing import override_model

FIGURES = {
    "risk_score": 82,
    "fraud_indicators": ["policy raised a month before the loss"],
    "recommended_action": "review",
    "summary": "Commercial property loss, far above the limit.",
}

if __name__ == "__main__":
    with override_model(TestModel(custom_output_args=FIGURES)):
        runpy.run_path(str(Path(__file__).with_name("main.py")), run_name="__main__")
