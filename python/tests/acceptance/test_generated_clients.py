"""Whoever generates a client from openapi.yaml gets one that asks, waits and decides."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.environments import python_with, run
from tests.acceptance.servers import Server

ROOT: Final = Path(__file__).parents[3]
CONTRACT: Final = ROOT / "openapi.yaml"
INTEGRATORS: Final = Path(__file__).parent / "integrators"
NODE_MODULES: Final = ROOT / "typescript" / "node_modules"

ANSWERED: Final = "approved seen"

# Generators are started, compilers run, and packages come over the network the first time.
pytestmark = pytest.mark.timeout(600, method="signal")


def test_by_openapi_python_client(shared_server: Server, tmp_path: Path) -> None:
    python = python_with("openapi-python-client", "0.29.1")
    command = ("-m", "openapi_python_client", "generate", "--path", str(CONTRACT))
    where = ("--meta", "none", "--output-path", str(tmp_path / "generated"))
    run(python, *command, *where, cwd=tmp_path)
    shutil.copy(INTEGRATORS / "python_client.py", tmp_path)
    assert run(python, "python_client.py", shared_server.url, cwd=tmp_path) == ANSWERED


def test_by_hey_api(shared_server: Server, tmp_path: Path) -> None:
    bin_ = NODE_MODULES / ".bin"
    generate = (str(bin_ / "openapi-ts"), "--input", str(CONTRACT), "--silent", "--no-log-file")
    client = ("--client", "@hey-api/client-fetch")
    run(*generate, *client, "--output", str(tmp_path / "generated"), cwd=tmp_path)
    shutil.copy(INTEGRATORS / "client.ts", tmp_path)
    # What it gives is compiled as its users compile it.
    options = {"target": "ES2022", "module": "CommonJS", "moduleResolution": "Node10"}
    options |= {"lib": ["ES2022", "DOM", "DOM.Iterable"], "strict": True, "outDir": "out"}  # type: ignore[dict-item]
    options |= {"types": ["node"], "typeRoots": [str(NODE_MODULES / "@types")]}  # type: ignore[dict-item]
    told = {"compilerOptions": options, "include": ["client.ts"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(told), encoding="utf-8")
    run(str(bin_ / "tsc"), "-p", str(tmp_path))
    assert run("node", str(tmp_path / "out" / "client.js"), shared_server.url) == ANSWERED


def test_by_oapi_codegen(shared_server: Server, tmp_path: Path) -> None:
    module = tmp_path / "go"
    shutil.copytree(INTEGRATORS / "go", module)
    (module / "generated").mkdir()
    config = ("-config", str(INTEGRATORS / "oapi-codegen.yaml"))
    output = ("-o", str(module / "generated" / "client.go"))
    run("go", "tool", "oapi-codegen", *config, *output, str(CONTRACT), cwd=ROOT / "tools")
    assert run("go", "run", ".", shared_server.url, cwd=module) == ANSWERED
