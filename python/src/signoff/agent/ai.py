"""Ask a model, through pydantic-ai: its model names and objects, its retries and validation."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from pydantic import TypeAdapter

from signoff import settings
from signoff.agent.run import current
from signoff.agent.steps import jsonable, record, recorded
from signoff.canonical import digest
from signoff.contract_gen import NewStepKind
from signoff.errors import MissingDependencyError, NoModelError

_override: Final[ContextVar[Any]] = ContextVar("signoff_model", default=None)


@contextmanager
def override_model(model: Any) -> Iterator[None]:
    """Within the block every `app.ai()` asks `model`, a pydantic-ai model: for tests."""
    token = _override.set(model)
    try:
        yield
    finally:
        _override.reset(token)


async def ask(*, system: str | None, user: str, schema: Any, model: Any, default: Any) -> Any:
    """One question to a model; recorded like a step. See `Agent.ai`."""
    chosen = _override.get() or model or default or settings.model()
    if chosen is None:
        raise NoModelError
    run = current()
    if run is None:
        return await _ask(chosen, system, user, schema)
    await run.stay()
    adapter: TypeAdapter[Any] = TypeAdapter(schema)
    fingerprint = digest(
        {
            "model": model if isinstance(model, str) else getattr(model, "model_name", None),
            "system": system,
            "user": user,
            "schema": adapter.json_schema(),
        }
    )
    key = run.key(f"ai.{fingerprint[:16]}")
    stored = recorded(run, key, fingerprint)
    if stored is not None:
        return adapter.validate_python(stored.result)
    answer = await _ask(chosen, system, user, schema)
    await record(
        run, NewStepKind.AI, key, "ai", fingerprint, result=jsonable(answer, "the model's answer")
    )
    return answer


async def _ask(model: Any, system: str | None, user: str, schema: Any) -> Any:
    try:
        import pydantic_ai
    except ImportError:
        raise MissingDependencyError("app.ai()", "ai") from None
    asked = pydantic_ai.Agent(model, output_type=schema, instructions=system)
    return (await asked.run(user)).output
