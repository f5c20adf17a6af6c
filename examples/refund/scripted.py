"""Runs main.py without a provider: pydantic-ai's test model gives the seed's figures."""

import runpy
from pathlib import Path

from pydantic_ai.models.test import TestModel

from signoff.testing import override_model

FIGURES = {
    "approve": True,
    "amount_usd": 4000.0,
    "reason": "The annual plan was charged twice.",
    "confidence": 0.82,
}

if __name__ == "__main__":
    with override_model(TestModel(custom_output_args=FIGURES)):
        runpy.run_path(str(Path(__file__).with_name("main.py")), run_name="__main__")
