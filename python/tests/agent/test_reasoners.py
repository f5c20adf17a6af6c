"""A reasoner's types are its schema: what fits is converted, what does not is named."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel

from signoff.agent.reasoners import InputError, reasoner_of


class Order(BaseModel):
    number: str
    day: date


async def ship(order: Order, copies: int = 1, *, schema: str | None = None) -> Order:
    """Send it."""
    return order


def test_models_and_defaults_are_filled_from_an_object() -> None:
    made = reasoner_of(ship, None, ["entry"])
    arguments = made.arguments({"order": {"number": "7", "day": "2026-01-05"}})
    assert arguments == {
        "order": Order(number="7", day=date(2026, 1, 5)),
        "copies": 1,
        "schema": None,
    }


async def test_the_result_is_json_of_the_model() -> None:
    made = reasoner_of(ship, None, [])
    arguments = made.arguments({"order": {"number": "7", "day": "2026-01-05"}})
    assert await made.run(arguments) == {"number": "7", "day": "2026-01-05"}


@pytest.mark.parametrize(
    "given, pointers",
    [
        ({}, ["/order"]),
        ({"order": {"number": "7"}}, ["/order/day"]),
        (
            {"order": {"number": 7, "day": "x"}, "copies": "many"},
            ["/order/number", "/order/day", "/copies"],
        ),
        ({"order": {"number": "7", "day": "2026-01-05"}, "a/b~c": 1}, ["/a~1b~0c"]),
        ([], [""]),
        (None, [""]),
    ],
)
def test_input_that_does_not_fit_names_each_place(given: Any, pointers: list[str]) -> None:
    with pytest.raises(InputError) as refused:
        reasoner_of(ship, None, []).arguments(given)
    assert [at["pointer"] for at in refused.value.errors] == pointers
    assert all(at["in"] == "body" and at["detail"] for at in refused.value.errors)


def test_the_schemas_are_told_with_name_tags_and_text() -> None:
    told = reasoner_of(ship, "send", ["entry"]).describe()
    assert told["id"] == "send"
    assert told["tags"] == ["entry"]
    assert told["description"] == "Send it."
    assert told["input_schema"]["required"] == ["order"]
    assert told["input_schema"]["additionalProperties"] is False
    assert told["output_schema"]["properties"]["day"]["format"] == "date"


def test_a_return_type_without_a_schema_is_not_told() -> None:
    def odd() -> Callable[[], int]:
        return int

    told = reasoner_of(odd, None, []).describe()
    assert "output_schema" not in told
    assert "description" not in told


def test_a_return_type_that_pydantic_does_not_know_is_anything() -> None:
    class Account: ...

    def open_account() -> Account:
        return Account()

    assert reasoner_of(open_account, None, []).describe()["output_schema"] == {}


async def test_a_plain_function_runs_in_a_thread() -> None:
    import threading

    def where() -> str:
        return threading.current_thread().name

    assert await reasoner_of(where, None, []).run({}) != threading.current_thread().name


def test_parameters_that_no_object_can_fill_are_refused() -> None:
    def star(*values: int) -> None: ...
    def only(value: int, /) -> None: ...

    for work in (star, only):
        with pytest.raises(TypeError, match="cannot be filled by name"):
            reasoner_of(work, None, [])
