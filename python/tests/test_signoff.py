"""The package as a whole: what it exports, and what importing it costs."""

import inspect
import subprocess
import sys

import pytest

import signoff
from signoff import errors

HEAVY = {
    "aiohttp",
    "httpx",
    "httpx_aiohttp",
    "pydantic",
    "pydantic_ai",
    "starlette",
    "uvicorn",
    "yaml",
}


def modules_after(statement):
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_exported_names_are_sorted_and_there():
    assert list(signoff.__all__) == sorted(signoff.__all__)
    assert [name for name in signoff.__all__ if not hasattr(signoff, name)] == []
    assert dir(signoff) == signoff.__all__


def test_every_error_is_exported():
    kinds = inspect.getmembers(errors, inspect.isclass)
    names = {name for name, kind in kinds if kind.__module__ == "signoff.errors"}
    assert names <= set(signoff.__all__)


def test_another_name_is_no_attribute():
    with pytest.raises(AttributeError, match="'signoff' has no attribute 'Agnet'"):
        _ = signoff.Agnet  # type: ignore[attr-defined]


def test_importing_the_package_loads_nothing_heavy():
    assert modules_after("import signoff") & HEAVY == set()


def test_the_blocking_client_needs_no_extra():
    loaded = modules_after("import signoff; signoff.Client('http://127.0.0.1:1')")
    assert loaded & HEAVY == {"httpx", "pydantic"}


def test_the_asynchronous_client_loads_no_extra_before_it_sends():
    loaded = modules_after("import signoff; signoff.AsyncClient('http://127.0.0.1:1')")
    assert loaded & HEAVY == {"httpx", "pydantic"}
