"""What fits, and in which words it does not."""

import pytest

from signoff_conformance.matching import ABSENT, differences, equal


@pytest.mark.parametrize(
    "expected,value",
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": {"$absent": True}}, {}),
        ({"a": {"$any": True}}, {"a": None}),
        ([1, {"b": 2}], [1, {"b": 2, "c": 3}]),
        (1, 1.0),
        ({"$exact": {"a": [1]}}, {"a": [1]}),
        ({"$ordered": {"b": 1, "a": 2}}, {"b": 1, "a": 2}),
        ({"$one_of": [1, 2]}, 2),
        ({"$not": {"$one_of": [1, 2]}}, 3),
        ({"$has": [{"a": 1}]}, [{"a": 2}, {"a": 1, "b": 1}]),
        ({"$all": [{"$least": 1}, {"$most": 3}]}, 2),
        ({"$each": {"a": {"$type": "integer"}}}, [{"a": 1}, {"a": 2}]),
        ({"$match": "^a"}, "abc"),
        ({"$length": 0}, []),
    ],
)
def test_what_fits(expected, value):
    assert differences(expected, value) == []


@pytest.mark.parametrize(
    "expected,value,says",
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "/a/b: want 1, is 2"),
        ({"a": 1}, {}, "/a: want 1, is absent"),
        ({"a": {"$absent": True}}, {"a": None}, "/a: want nothing, is null"),
        (1, True, "want 1, is true"),
        (None, ABSENT, "want null, is absent"),
        ([1], [1, 2], "want 1 items, is 2 items"),
        ({"$exact": {}}, {"a": 1}, "want exactly {}"),
        ({"$ordered": {"b": 1, "a": 2}}, {"a": 2, "b": 1}, "keys in the order"),
        ({"$type": "integer"}, 1.5, "of type integer"),
        ({"$type": "integer"}, True, "of type integer"),
        ({"$not": 1}, 1, "anything but 1"),
        ({"$has": [1]}, [], "an array with 1"),
        ({"$each": 1}, ABSENT, "an array"),
        ({"a": 1}, [], "an object"),
        (12345678901234567890123, 1.2345678901234568e22, "want 12345678901234567890123"),
    ],
)
def test_what_does_not_fit_is_said(expected, value, says):
    assert says in "; ".join(differences(expected, value))


def test_an_operator_that_means_nothing_is_a_fault_of_the_case():
    with pytest.raises(ValueError, match="means nothing"):
        differences({"$equals": 1}, 1)


def test_integers_are_compared_exactly():
    assert not equal(2**53 + 1, float(2**53))
    assert equal({"a": 1, "b": 2}, {"b": 2, "a": 1.0})
