"""One thing wrong with a request that was right."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from signoff_conformance.contract import Contract
from signoff_conformance.oracle.answers import Request
from signoff_conformance.walk.cells import Cell
from signoff_conformance.walk.moves import Chance

Way = Callable[[Contract, Chance, Request], Request]

OTHER_KEYS = ("admin", "client", "client2", "reviewer", "agent", "agent2")


def spoil(
    contract: Contract, chance: Chance, request: Request, missing: Collection[Cell] = ()
) -> Request:
    """The request with one thing changed: mostly to something wrong.

    Args:
        contract: says what is wrong.
        chance: of the walk.
        request: that was right.
        missing: operations and statuses that were not seen yet: they are tried first.
    """
    names = {one.name for one in contract.operations[request.operation].parameters}
    ways: dict[Way, int] = {_key: 403, _nobody: 401, _query: 400}
    if request.path:
        ways[_path] = 400
    if isinstance(request.body, dict):
        ways |= {_member: 400, _missing: 400, _mistyped: 400, _no_json: 400, _media: 415}
        if chance.maybe(0.3) or (request.operation, 413) in missing:  # a megabyte takes its time
            ways[_too_long] = 413
    if request.signed is not None:
        ways[_signature] = 401
    if "limit" in names:
        ways |= {_limit: 400, _cursor: 422}
    wanted = [way for way, status in ways.items() if (request.operation, status) in missing]
    way = chance.pick(wanted if wanted and chance.maybe(0.7) else ways)
    return way(contract, chance, request)  # type: ignore[no-any-return]


def _nobody(contract: Contract, chance: Chance, request: Request) -> Request:
    del contract
    return replace(request, key=chance.pick((None, "unknown")))


def _key(contract: Contract, chance: Chance, request: Request) -> Request:
    del contract
    return replace(request, key=chance.pick(OTHER_KEYS))


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
