"""What the tests of the verbs share: both clients by one call, and the contract's examples."""

import asyncio
import inspect

import httpx

from signoff import (
    AsyncClient,
    Client,
    new_secret,
)
from tests.contract import contract

SCHEMAS = contract()["components"]["schemas"]
APPROVED, PENDING = SCHEMAS["Approval"]["examples"]
RUNNING, FINISHED = SCHEMAS["Execution"]["examples"]
APR = PENDING["id"]


def reply(value, status=200):
    return httpx.Response(status, json=value)


SECRET = new_secret()


class Both:
    """One of the two clients, called from a coroutine."""

    def __init__(self, kind, url, **options):
        self.client = (AsyncClient if kind == "async" else Client)(url, **options)

    async def __call__(self, verb, *args, **kwargs):
        call = getattr(self.client, verb)
        if inspect.iscoroutinefunction(call):
            return await call(*args, **kwargs)
        if inspect.isasyncgenfunction(call) or isinstance(self.client, AsyncClient):
            return [row async for row in call(*args, **kwargs)]

        def run():
            result = call(*args, **kwargs)
            return list(result) if inspect.isgenerator(result) else result

        return await asyncio.to_thread(run)

    async def close(self):
        if isinstance(self.client, AsyncClient):
            await self.client.aclose()
        else:
            self.client.close()


async def until_asked(plane, own_id):
    return await plane.next_request(lambda approval: approval.approval_request_id == own_id)
