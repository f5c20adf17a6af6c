"""Times of the contract, and what stands for JSON values in digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from signoff_conformance.control import render

__all__ = ["digest", "present", "render"]


def digest(value: Any) -> str:
    """The SHA-256 of the RFC 8785 form: of texts, booleans, null and integers below 2^53."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def present(members: Mapping[str, Any]) -> dict[str, Any]:
    """The members that have a value: what has none is absent."""
    return {name: value for name, value in members.items() if value is not None}
