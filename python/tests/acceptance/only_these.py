"""Imports the package in a process that can import nothing but the distributions named to it.

Run as a program: python only_these.py signoff httpx pydantic …
"""

import importlib.metadata
import sys
from importlib.abc import MetaPathFinder

ALLOWED = {name.lower().replace("_", "-") for name in sys.argv[1:]}
OTHERS = {
    module
    for module, owners in importlib.metadata.packages_distributions().items()
    if not ALLOWED & {owner.lower().replace("_", "-") for owner in owners}
} - set(sys.stdlib_module_names)


class Refuse(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in OTHERS:
            raise ModuleNotFoundError(f"{name} is not installed here", name=name)


sys.meta_path.insert(0, Refuse())

from signoff import Agent, ApprovalResult, AsyncClient, Client  # noqa: E402

print(Agent.__name__, ApprovalResult.__name__, AsyncClient.__name__, Client.__name__)
