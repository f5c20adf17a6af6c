"""The adapters of this repository's own SDKs: built from the sources, as they are or changed."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from signoff_conformance import places

REPOSITORY: Final = places.CONTRACT.parent

SOURCES: Final[Mapping[str, Path]] = {
    "python": Path("python/src/signoff"),
    "go": Path("go"),
    "typescript": Path("typescript/sdk/src"),
}
"""Where the source of each SDK lies in the repository."""


class BuildError(Exception):
    """An adapter does not build; the text is what the compiler says."""


async def prepare(
    language: str, into: Path, sources: Path | None = None, *, program: str = "adapter"
) -> Sequence[str]:
    """Build an adapter in the folder `into`; the command that starts it.

    Args:
        language: a key of `SOURCES`.
        into: an empty folder.
        sources: of the SDK; by default those in the repository.
        program: `adapter`, of a client, or `agent`.

    Raises:
        BuildError: it does not build.
    """
    sources = sources or REPOSITORY / SOURCES[language]
    return await _PREPARE[language](into, sources, program)


async def command_of(given: str, folder: Path, *, program: str = "adapter") -> Sequence[str]:
    """The command that starts an adapter or an agent.

    Args:
        given: a command line, or a key of `SOURCES` for that of this repository.
        folder: where that one is built.
        program: see `prepare`.

    Raises:
        BuildError: it does not build.
    """
    if given not in SOURCES:
        return shlex.split(given)
    into = folder / f"{program}-{given}"
    into.mkdir(parents=True)
    return await prepare(given, into, program=program)


async def _python(into: Path, sources: Path, program: str) -> Sequence[str]:
    del into
    adapter = REPOSITORY / f"conformance/adapters/python/{program}.py"
    return ["env", f"PYTHONPATH={sources.parent}", sys.executable, str(adapter)]


async def _go(into: Path, sources: Path, program: str) -> Sequence[str]:
    shutil.copytree(sources, into / "go", ignore=shutil.ignore_patterns("*_test.go", "testdata"))
    adapter = into / "conformance/adapters/go"
    shutil.copytree(REPOSITORY / "conformance/adapters/go", adapter)
    package = "." if program == "adapter" else f"./{program}"
    await _run(["go", "build", "-o", str(into / program), package], adapter)
    return [str(into / program)]


async def _typescript(into: Path, sources: Path, program: str) -> Sequence[str]:
    adapter, sdk = into / "adapter", into / "adapter/node_modules/@signoff/sdk"
    ignored = shutil.ignore_patterns("node_modules", "package-lock.json")
    shutil.copytree(REPOSITORY / "conformance/adapters/typescript", adapter, ignore=ignored)
    (sdk / "dist").mkdir(parents=True)
    shutil.copy(REPOSITORY / "typescript/sdk/package.json", sdk)
    esbuild = REPOSITORY / "typescript/node_modules/.bin/esbuild"
    options = [
        "--bundle",
        "--format=esm",
        "--platform=node",
        "--target=node20",
        "--log-level=error",
    ]
    # Two entries that share their classes, as the package has them.
    options += ["--splitting", f"--outdir={sdk / 'dist'}", f"--outbase={sources}"]
    entries = [str(sources / "index.ts"), str(sources / "agent/index.ts")]
    await _run([str(esbuild), *entries, *options], into)
    return ["node", str(adapter / f"{program}.mjs")]


_PREPARE: Final[Mapping[str, Callable[[Path, Path, str], Awaitable[Sequence[str]]]]] = {
    "python": _python,
    "go": _go,
    "typescript": _typescript,
}


async def _run(command: Sequence[str], folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise BuildError(f"{' '.join(command)}: {out.decode(errors='replace')[-2000:]}")
