"""A method that a path does not have is 405, with all that it has."""

from __future__ import annotations

import httpx
import pytest

from tests.server.http.checked import TREE
from tests.server.http.requests_of import PATHS

METHODS = (
    "GET",
    "HEAD",
    "OPTIONS",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "TRACE",
    "CONNECT",
    "PROPFIND",
)


@pytest.mark.parametrize("path", TREE["paths"])
async def test_other_methods_are_405_with_those_that_there_are(
    client: httpx.AsyncClient, path: str
):
    has = {name.upper() for name in TREE["paths"][path] if name != "parameters"}
    for method in METHODS:
        if method not in has:
            response = await client.request(method, path.format(**PATHS))
            assert response.status_code == 405
            assert set(response.headers["allow"].split(", ")) == has


@pytest.mark.parametrize(
    "path", ["/", "/api/v1", "/api/v1/nodes/", "/api/v1/memory/events/ws", "/docs", "/test-control"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
async def test_other_paths_are_404(client: httpx.AsyncClient, path: str, method: str):
    response = await client.request(method, path)
    assert response.status_code == 404
