"""Reasoners: functions with a name, whose types are their input and output schema."""

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PydanticInvalidForJsonSchema,
    TypeAdapter,
    ValidationError,
    create_model,
)

from signoff.agent.steps import jsonable, result_type


class InputError(Exception):
    """The input does not fit; `errors` are places and what would be right."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("; ".join(f"{at['pointer']}: {at['detail']}" for at in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Reasoner:
    """A function that this agent offers, and how its input and output are read."""

    name: str
    work: Callable[..., Any]
    tags: tuple[str, ...]
    input_model: type[BaseModel]
    output: TypeAdapter[Any]

    def arguments(self, given: Any) -> dict[str, Any]:
        """The keyword arguments that an input stands for.

        Raises:
            InputError: it does not fit the function's parameters.
        """
        try:
            parsed = self.input_model.model_validate(given)
        except ValidationError as unfit:
            raise InputError(
                [
                    {"in": "body", "pointer": _pointer(fault["loc"]), "detail": fault["msg"]}
                    for fault in unfit.errors(include_url=False, include_input=False)
                ]
            ) from None
        fields = type(parsed).model_fields
        return {field.alias or name: getattr(parsed, name) for name, field in fields.items()}

    async def run(self, arguments: Mapping[str, Any]) -> Any:
        """Call the function; a plain one runs in a thread. The result as JSON can hold it."""
        if inspect.iscoroutinefunction(self.work):
            result = await self.work(**arguments)
        else:
            result = await asyncio.to_thread(self.work, **arguments)
        return jsonable(result, f"the result of {self.name}")

    def describe(self) -> dict[str, Any]:
        """What `registerNode` is told."""
        told: dict[str, Any] = {
            "id": self.name,
            "input_schema": self.input_model.model_json_schema(),
            "tags": list(self.tags),
        }
        with suppress(PydanticInvalidForJsonSchema):  # a type that has no schema: none is told
            told["output_schema"] = self.output.json_schema(mode="serialization")
        about = inspect.getdoc(self.work)
        if about:
            told["description"] = about
        return told


def reasoner_of(work: Callable[..., Any], name: str | None, tags: Sequence[str]) -> Reasoner:
    """Read a function's signature.

    Raises:
        TypeError: it has parameters that an input object cannot fill.
    """
    name = name or work.__name__
    hints = get_type_hints(work, include_extras=True)
    fields: dict[str, Any] = {}
    for index, parameter in enumerate(inspect.signature(work).parameters.values()):
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise TypeError(f"{name}: {parameter} cannot be filled by name from an input object")
        default = ... if parameter.default is parameter.empty else parameter.default
        annotation = hints.get(parameter.name, Any)
        # Parameters may have names that pydantic keeps for itself (`schema`, `model_…`).
        fields[f"p{index}"] = (annotation, Field(default, alias=parameter.name))
    model = create_model(
        f"{name}_input",
        __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=True, title=name),
        **fields,
    )
    return Reasoner(name, work, tuple(tags), model, result_type(work))


def _pointer(place: tuple[int | str, ...]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in place)
