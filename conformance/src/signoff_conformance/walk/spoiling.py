"""One thing wrong with a request that was right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from signoff_conformance.contract import Contract
from signoff_conformance.oracle.answers import Request
from signoff_conformance.walk.moves import Chance

OTHER_KEYS = ("admin", "client", "client2", "reviewer", "agent", "agent2")


def spoil(contract: Contract, chance: Chance, request: Request) -> Request:
    """The request with one thing changed: mostly to something wrong."""
    ways: list[Callable[[Contract, Chance, Request], Request]] = [_key, _query]
    if request.path:
        ways += [_path]
    if isinstance(request.body, dict):
        ways += [_member, _missing, _mistyped, _no_json, _media]
        if chance.maybe(0.5):  # a megabyte takes its time
            ways += [_too_long]
    if request.signed is not None:
        ways += [_signature]
    names = {one.name for one in contract.operations[request.operation].parameters}
    if "limit" in names:
        ways += [_limit, _cursor]
    way = chance.pick(ways)
    return way(contract, chance, request)  # type: ignore[no-any-return]


def _key(contract: Contract, chance: Chance, request: Request) -> Request:
    del contract
    return replace(request, key=chance.pick((None, "unknown", *OTHER_KEYS)))


def _query(contract: Contract, chance: Chance, request: Request) -> Request:
    del contract, chance
    return replace(request, query={**request.query, "surprise": "1"})


def _path(contract: Contract, chance: Chance, request: Request) -> Request:
    del contract
    name = chance.pick(request.path)
    return replace(request, path={**request.path, name: "not an id"})


def _too_long(contract: Contract, chance: Chance, request: Request) -> Request:
    del contract, chance
    return replace(request, too_long=True)


def _member(contract: Contract, chance: Chance, request: Request) -> Request:
    del contract, chance
    return replace(request, body={**request.body, "surprise": 1})


def _missing(contract: Contract, chance: Chance, request: Request) -> Request:
    schema = contract.resolve(contract.operations[request.operation].body)
    names = schema.get("required", ())
    if not names:
        return request
    gone = chance.pick(names)
    return replace(request, body={name: one for name, one in request.body.items() if name != gone})


def _mistyped(contract: Contract, chance: Chance, request: Request) -> Request:
    schema = contract.resolve(contract.operations[request.operation].body)
    typed = [
        name
        for name, one in schema.get("properties", {}).items()
        if contract.resolve(one).get("type") is not None
    ]
    return replace(request, body={**request.body, chance.pick(typed): None})


def _no_json(contract: Contract, chance: Chance, request: Request) -> Request:
    del contract
    return replace(request, raw=chance.pick(('{"a": 1', '{"a": 1, "a": 2}', '{"a": NaN}')))


def _media(contract: Contract, chance: Chance, request: Request) -> Request:
    del contract, chance
    return replace(request, media="text/plain")


def _signature(contract: Contract, chance: Chance, request: Request) -> Request:
    del contract
    return replace(request, signed=chance.pick((None, "wrong")))


def _limit(contract: Contract, chance: Chance, request: Request) -> Request:
    del contract
    return replace(request, query={**request.query, "limit": chance.pick(("0", "201", "x"))})


def _cursor(contract: Contract, chance: Chance, request: Request) -> Request:
    del contract, chance
    return replace(request, query={**request.query, "cursor": "bm9uZQ"})
