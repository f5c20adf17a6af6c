"""Steps: work that is recorded before it returns, and not done again by a later attempt."""

import ast
import asyncio
import builtins
import inspect
import re
from collections.abc import Callable, Coroutine
from typing import Any, Final, get_type_hints

from pydantic import PydanticSchemaGenerationError, TypeAdapter
from pydantic_core import PydanticSerializationError, to_jsonable_python

from signoff.agent.run import Run, current
from signoff.canonical import digest
from signoff.contract_gen import NewStepKind, Step
from signoff.errors import NondeterministicReplayError, StepConflictError, StepFailedError
from signoff.strict_json import dumps_text

RECORD_GRACE_SECONDS: Final = 5.0
"""How long the record of a step is tried for when its run was stopped meanwhile."""

_NAME: Final = re.compile(r"[A-Za-z0-9._~-]{1,150}")


async def run_step(
    name: str,
    work: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    key: str | None = None,
) -> Any:
    """Do a piece of work once, whatever attempt this is.

    Recorded before: the result comes back as the annotated type of `work`, or its error is raised
    again. Outside a run it is a plain call.

    Raises:
        NondeterministicReplayError: it was recorded with other arguments.
        StepFailedError: it was recorded as failed, with an error that is no built-in exception.
        ValueError: the name or key does not fit into a step key.
        TypeError: the arguments or the result are nothing that JSON can hold.
    """
    run = current()
    if run is None:
        return await _done(work, args, kwargs)
    await run.stay()
    for part in (name, key or "key"):
        if not _NAME.fullmatch(part):
            raise ValueError(
                f"a step's name and key are 1 to 150 of A-Z a-z 0-9 . _ ~ -, not {part!r}"
            )
    step_key = run.key(f"step.{name}.{key}" if key else f"step.{name}")
    fingerprint = digest(jsonable({"args": args, "kwargs": kwargs}, f"the arguments of {name}"))
    adapter = result_type(work)
    stored = recorded(run, step_key, fingerprint)
    if stored is not None:
        return adapter.validate_python(outcome(stored))
    try:
        result = await _done(work, args, kwargs)
    except Exception as failed:
        if run.stopped:
            raise  # it was broken off: that is nothing to remember
        await record(run, NewStepKind.STEP, step_key, name, fingerprint, error=said(failed))
        raise
    plain = jsonable(result, f"the result of {name}")
    await record(run, NewStepKind.STEP, step_key, name, fingerprint, result=plain)
    return result


def recorded(run: Run, key: str, fingerprint: str) -> Step | None:
    """What an earlier attempt recorded under a key.

    Raises:
        NondeterministicReplayError: it was recorded with another input.
    """
    stored = run.recorded.get(key)
    if stored is not None and stored.input_sha256 != fingerprint:
        raise NondeterministicReplayError(
            f"{key} with input {stored.input_sha256[:12]}", f"{key} with input {fingerprint[:12]}"
        )
    return stored


async def record(
    run: Run, kind: NewStepKind, key: str, name: str, fingerprint: str, **outcome_: Any
) -> None:
    """Store what came of a step; `outcome_` is `result=` or `error=`. Waits for the server."""
    recording = run.client.record_step(
        run.attempt_id, key, kind=kind, name=name[:500], input_sha256=fingerprint, **outcome_
    )
    try:
        with run.heard():
            stored = await _lasting(recording)
    except StepConflictError as conflict:
        raise NondeterministicReplayError(
            f"{key} with another input", f"{key} with input {fingerprint[:12]}"
        ) from conflict
    run.recorded[key] = stored


async def _lasting(recording: Coroutine[Any, Any, Step]) -> Step:
    """Wait for a record; when the run is stopped meanwhile, for a while longer, and stop then.

    What is recorded is not done again.
    """
    task = asyncio.create_task(recording)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=RECORD_GRACE_SECONDS)
        raise
    finally:
        task.cancel()
        if task.done() and not task.cancelled():
            task.exception()  # of a run that is stopped nobody asks for it


def outcome(stored: Step) -> Any:
    """The result of a recorded step, or its error raised again."""
    if stored.error is None:
        return stored.result
    kind, _, message = stored.error.partition(": ")
    builtin = getattr(builtins, kind, None)
    if isinstance(builtin, type) and issubclass(builtin, Exception):
        try:
            raised = builtin(*_arguments(builtin, message))
        except TypeError:  # such as UnicodeDecodeError, which is not made of a message
            raise StepFailedError(stored.key, stored.error) from None
        raise raised
    raise StepFailedError(stored.key, stored.error)


def _arguments(kind: type[Exception], message: str) -> tuple[Any, ...]:
    """What an exception was made of that says this."""
    if not message:
        return ()
    if issubclass(kind, KeyError):  # it shows its key as code
        try:
            return (ast.literal_eval(message),)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            pass  # a key of somebody's own type
    return (message,)


def said(error: BaseException) -> str:
    """An exception as it is recorded: its type and its message.

    One that has the name of a built-in exception and is another, such as the `ConnectionError` of
    a library, is named with its module: it must not come back as the built-in one.
    """
    kind = type(error)
    shadows = kind.__module__ != "builtins" and hasattr(builtins, kind.__name__)
    name = f"{kind.__module__}.{kind.__name__}" if shadows else kind.__name__
    text = f"{name}: {error}".replace("\x00", "\\x00")
    return text.encode("utf-8", "backslashreplace").decode()[:100_000]


def jsonable(value: Any, what: str) -> Any:
    """A value as JSON can hold it; models become objects.

    Raises:
        TypeError: it holds something that JSON cannot.
    """
    try:
        plain = to_jsonable_python(value)
        dumps_text(plain)  # NaN and half surrogate pairs are Python's, not JSON's
    except (PydanticSerializationError, ValueError) as unfit:
        raise TypeError(f"{what} must be something that JSON can hold: {unfit}") from unfit
    return plain


def result_type(work: Callable[..., Any]) -> TypeAdapter[Any]:
    """What turns a recorded result into the annotated return type; anything when there is none."""
    try:
        annotated = get_type_hints(work, include_extras=True).get("return", Any)
    except (NameError, TypeError):  # a type that only the type checker sees; partials have none
        annotated = Any
    try:
        return TypeAdapter(annotated)
    except PydanticSchemaGenerationError:  # a class that pydantic does not know
        return TypeAdapter(Any)


async def _done(work: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if inspect.iscoroutinefunction(work):
        return await work(*args, **kwargs)
    result = await asyncio.to_thread(work, *args, **kwargs)
    # A plain function may hand out a coroutine, as a lambda around an async one does.
    return await result if inspect.isawaitable(result) else result
