"""The refund example with a model that is sure of itself. EXAMPLES names the folder."""

import os
import runpy
from pathlib import Path

from pydantic_ai.models.test import TestModel

from signoff.testing import override_model

FIGURES = {"approve": True, "amount_usd": 12.0, "reason": "Billed twice.", "confidence": 0.97}

if __name__ == "__main__":
    with override_model(TestModel(custom_output_args=FIGURES)):
        main = Path(os.environ["EXAMPLES"]) / "refund" / "main.py"
        runpy.run_path(str(main), run_name="__main__")
