"""Names in cases."""

import pytest

from signoff_conformance.commands import fill
from signoff_conformance.values import UnknownName, Values


def test_a_name_alone_becomes_the_value_itself():
    values = Values({"a": {"b": [1, {"c": None}]}})
    assert values.fill({"x": "${a.b}", "y": ["${a.b.1.c}"]}) == {"x": [1, {"c": None}], "y": [None]}


def test_a_name_in_a_text_is_put_in():
    assert Values({"id": "exec_1"}).fill("${id}~2 $${id}") == "exec_1~2 ${id}"


def test_what_a_case_has_written_may_hold_names_and_what_came_back_may_not():
    values = Values({"target": "${node}.work", "node": "a"})
    values.keep("answer", "${node}")
    assert values.fill(["${target}", "${answer}"]) == ["a.work", "${node}"]


@pytest.mark.parametrize("name", ["${b}", "${a.c}", "${a.0}"])
def test_an_unknown_name_is_a_fault_of_the_case(name):
    with pytest.raises(UnknownName):
        Values({"a": {"b": 1}}).fill(name)


def test_a_part_of_a_command_goes_when_its_value_is_none():
    command = "serve --port {port} [--token {token}] --at 'a b/{data}'"
    values = {"port": "1", "token": None, "data": "d"}
    assert fill(command, values) == ["serve", "--port", "1", "--at", "a b/d"]
    assert "--token" in fill(command, values | {"token": "t"})
