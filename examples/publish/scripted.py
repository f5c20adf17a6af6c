"""Runs main.py without a provider: a function of pydantic-ai's stands for the model."""

import runpy
from pathlib import Path

from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from signoff.testing import override_model


def write(_: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    revising = "Revise" in (info.instructions or "")
    return ModelResponse(parts=[TextPart("The final text." if revising else "A first draft.")])


if __name__ == "__main__":
    with override_model(FunctionModel(write)):
        runpy.run_path(str(Path(__file__).with_name("main.py")), run_name="__main__")
