"""Generated cases: who may call what, and from where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from signoff_conformance import samples
from signoff_conformance.cases import Case, Variant
from signoff_conformance.contract import Contract, Operation

ROLES: Final = ("admin", "client", "reviewer", "agent")

_ORIGINS: Final = {
    "foreign host": {"Host": "review.example.com"},
    "foreign origin": {"Origin": "https://review.example.com"},
    "forwarded": {"X-Forwarded-For": "203.0.113.9"},
}


def cases(contract: Contract) -> Iterator[Case]:
    """401, 403 of roles, 403 of places."""
    operations = list(contract.operations.values())
    keyed = [one for one in operations if one.roles]
    yield _without_key(contract, keyed)
    yield _roles(contract, keyed, allowed=False)
    yield _roles(contract, keyed, allowed=True)
    yield _origins(contract, operations)
    yield _local(contract, operations)


def _without_key(contract: Contract, operations: list[Operation]) -> Case:
    variants = []
    for one in operations:
        for who in ("nobody", "unknown"):
            step = samples.request(contract, one) | {"as": who}
            refused = {
                "status": 401,
                "code": "unauthorized",
                "headers": {"WWW-Authenticate": {"$any": True}},
            }
            variants.append(Variant(f"{one.id},{who}", {"step": step | {"expect": refused}}))
    return Case(
        id="SRV-AUTH-001",
        title="Without a key, or with one that is not known, nothing is done: 401",
        requirement="ACC-KEY",
        steps=_STEPS,
        twin="SRV-AUTH-003",
        server="keys",
        variants=variants,
    )


def _roles(contract: Contract, operations: list[Operation], *, allowed: bool) -> Case:
    variants = []
    for one in operations:
        for role in ROLES:
            if (role in one.roles) != allowed:
                continue
            step = samples.request(contract, one) | {"as": role}
            if role == "agent" and one.id in ("execute", "executeAsync"):
                # Agents must name a parent: one that is not there is 404, none is 403.
                step["headers"] = {"X-Parent-Execution-ID": f"exec_{samples.NOWHERE}"}
            expect = {"status": {"$not": {"$one_of": [401, 403]}}} if allowed else _FORBIDDEN
            variants.append(Variant(f"{one.id},{role}", {"step": step | {"expect": expect}}))
    return Case(
        id="SRV-AUTH-003" if allowed else "SRV-AUTH-002",
        title=(
            "Each role may call what the contract gives it"
            if allowed
            else "No role may call what the contract does not give it: 403 forbidden"
        ),
        requirement="ACC-ROLES",
        steps=_STEPS,
        twin=None if allowed else "SRV-AUTH-003",
        server="keys",
        variants=variants,
    )


_FORBIDDEN: Final = {"status": 403, "code": "forbidden"}


def _origins(contract: Contract, operations: list[Operation]) -> Case:
    variants = []
    for one in operations:
        for name, headers in _ORIGINS.items():
            step = samples.request(contract, one)
            step["headers"] = step.get("headers", {}) | headers
            step["expect"] = {"status": 403, "code": "untrusted_origin"}
            variants.append(Variant(f"{one.id},{name}", {"step": step}))
    return Case(
        id="SRV-AUTH-004",
        title="Without keys, nobody from elsewhere is served: 403 untrusted_origin",
        requirement="ACC-ORIGIN",
        steps=_STEPS,
        twin="SRV-AUTH-005",
        variants=variants,
    )


def _local(contract: Contract, operations: list[Operation]) -> Case:
    variants = []
    for one in operations:
        step = samples.request(contract, one)
        step["headers"] = step.get("headers", {}) | {"Origin": "http://localhost:3000"}
        step["expect"] = {"status": {"$not": 403}}
        variants.append(Variant(one.id, {"step": step}))
    return Case(
        id="SRV-AUTH-005",
        title="Without keys, a page of this machine is served",
        requirement="ACC-ORIGIN",
        steps=_STEPS,
        variants=variants,
    )


_STEPS: Final = ({"generated": "step"},)
