"""Writes what is made from `openapi.yaml`: the models of all three languages, their test data, and
the table of verbs in the top README.

The blocking twin of the Python client is written too; it is made from the asynchronous one.

`--check` writes nothing, and fails when a file differs from what would have been written.
Works offline once `make setup` has run.
"""

import argparse
import difflib
import json
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import blocking
import verbs
import views
from canonical_vectors import canonical_vectors
from contract_file import CONTRACT, ROOT, Node, is_free, is_scalar, load, schemas

import examples

TOOLS = ROOT / "tools"
HEADER = "Generated from openapi.yaml by tools/generate.py; do not edit."
GO_HEADER = "// Code generated from openapi.yaml by tools/generate.py; DO NOT EDIT.\n"

PYTHON_OPTIONS = [
    "--input-file-type=openapi",
    "--openapi-scopes=schemas",
    "--output-model-type=pydantic_v2.BaseModel",
    "--target-python-version=3.11",
    "--base-class=signoff.wire.Record",
    "--additional-imports=signoff.wire.Word",
    f"--custom-template-dir={TOOLS / 'templates'}",
    f"--custom-file-header=# {HEADER}",
    "--use-annotated",
    "--disable-future-imports",
    "--use-specialized-enum",
    "--capitalise-enum-members",
    "--use-schema-description",
    "--use-field-description",
    "--use-single-line-docstring",
    "--use-inline-field-description",
    "--use-double-quotes",
    "--disable-timestamp",
    # Named, because the default is about to change.
    "--formatters=builtin",
]

Files = dict[str, str]


def _run(command: list[str], folder: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{Path(command[0]).name} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _python(scratch: Path) -> Files:
    view, words, out = scratch / "python.json", scratch / "words.json", scratch / "models.py"
    view.write_text(_as_json(views.python_view(load())), encoding="utf-8")
    words.write_text(_as_json({name: {"open": True} for name in views.open_words(load())}))
    generator = str(Path(sys.executable).with_name("datamodel-codegen"))
    files = [f"--input={view}", f"--output={out}", f"--extra-template-data={words}"]
    _run([generator, *PYTHON_OPTIONS, *files])
    return {"python/src/signoff/contract_gen.py": out.read_text(encoding="utf-8")}


def _go(scratch: Path) -> Files:
    view, out = scratch / "go.json", scratch / "contract.go"
    view.write_text(_as_json(views.go_view(load())), encoding="utf-8")
    generator = ["go", "tool", "oapi-codegen", "-config", "oapi-codegen.yaml"]
    _run([*generator, "-o", str(out), str(view)], TOOLS)
    # The generator's own first lines would be the package's documentation.
    _, package, body = out.read_text(encoding="utf-8").partition("package signoff\n")
    return {
        "go/contract.gen.go": f"{GO_HEADER}\n{package}{body}",
        "go/contract_extra.gen.go": _go_extra(),
        "go/contract_gen_test.go": _go_registry(),
    }


def _go_extra() -> str:
    """Return the codec of the models that keep what they do not know; one line for each way."""
    methods = "".join(
        f"\n// MarshalJSON writes Extra, too.\n"
        f"func (m {name}) MarshalJSON() ([]byte, error) {{\n"
        f"\ttype plain {name}\n\treturn withExtra(plain(m), m.Extra)\n}}\n\n"
        f"// UnmarshalJSON keeps what it does not know in Extra.\n"
        f"func (m *{name}) UnmarshalJSON(text []byte) error {{ return decode(text, m) }}\n"
        for name in views.open_answers(load())
    )
    return f"{GO_HEADER}\npackage signoff\n{methods}"


def _go_type(name: str, schema: Node) -> str:
    if is_free(schema):
        return "json.RawMessage"
    native = {"string": "string", "integer": "int64", "number": "float64", "boolean": "bool"}
    return native[schema["type"]] if is_scalar(schema) else name


def _go_registry() -> str:
    """Return the names of all models and a way to make one, for the test of the codec."""
    types = {name: _go_type(name, schema) for name, schema in schemas(load()).items()}
    names = "".join(f'\t"{name}",\n' for name in types)
    cases = "".join(f'\tcase "{name}":\n\t\treturn new({go})\n' for name, go in types.items())
    imports = 'import "encoding/json"\n\n' if "json.RawMessage" in types.values() else ""
    return (
        f"{GO_HEADER}\npackage signoff\n\n{imports}"
        f"// schemaNames lists the schemas of the contract.\n"
        f"var schemaNames = []string{{\n{names}}}\n\n"
        "// newOfSchema makes an empty value of the schema of that name.\n"
        f"func newOfSchema(name string) any {{\n\tswitch name {{\n{cases}\t}}\n\treturn nil\n}}\n"
    )


def _typescript(scratch: Path) -> Files:
    view = scratch / "typescript.json"
    view.write_text(_as_json(views.typescript_view(load())), encoding="utf-8")
    types = _run(["node", "generate.mjs", str(view)], ROOT / "typescript")
    return {
        "typescript/sdk/src/contract.gen.ts": f"// {HEADER}\n\n{types}",
        "typescript/sdk/test/contract_examples.gen.ts": _typescript_examples(),
    }


def _typescript_examples() -> str:
    """Return the examples as code: types are gone at run time, so the compiler checks them."""
    found = examples.examples()
    counts = Counter(example["schema"] for example in found)
    counted = "".join(f"  {name}: {counts[name]},\n" for name in schemas(load()))
    rows = []
    for example in found:
        checked = (
            f" satisfies Schemas[{json.dumps(example['schema'])}]" if example["schema"] else ""
        )
        rows.append(f"  {json.dumps(example['id'])}: {example['value']}{checked},\n")
    return (
        f"// {HEADER}\n\n"
        'import type { components } from "../src/contract.gen.js";\n\n'
        'type Schemas = components["schemas"];\n\n'
        "/** How many examples each schema has. */\n"
        f"export const exampleCounts: Record<keyof Schemas, number> = {{\n{counted}}};\n\n"
        f"export const examples: Record<string, unknown> = {{\n{''.join(rows)}}};\n"
    )


def _shared(_scratch: Path) -> Files:
    return {
        "python/src/signoff/openapi.yaml": CONTRACT.read_text(encoding="utf-8"),
        "conformance/vectors/contract_examples.json": _as_json(examples.examples()),
        "conformance/vectors/canonical_json.json": _as_json(canonical_vectors()),
    }


def _refund(_scratch: Path) -> Files:
    """`signoff demo` of an installed package plays the example too; as text, it is data there."""
    example = ROOT / "examples" / "refund"
    return {
        f"python/src/signoff/cli/refund/{name}.txt": (example / name).read_text(encoding="utf-8")
        for name in ("main.py", "scripted.py")
    }


def _readme(_scratch: Path) -> Files:
    return {"README.md": verbs.with_table((ROOT / "README.md").read_text(encoding="utf-8"))}


def _blocking(_scratch: Path) -> Files:
    return blocking.twins()


def generated() -> Files:
    """Return the text of every generated file by its path in the repository."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        makers = [_go, _typescript, _python, _shared, _blocking, _refund, _readme]
        made = list(pool.map(lambda make: make(Path(folder)), makers))
    return {path: text for files in made for path, text in files.items()}


def _difference(path: str, text: str) -> str | None:
    target = ROOT / path
    if not target.exists():
        return f"{path}: is missing"
    old = target.read_text(encoding="utf-8")
    lines = difflib.unified_diff(
        old.splitlines(), text.splitlines(), path, "generated anew", n=1, lineterm=""
    )
    return "\n".join(list(lines)[:20]) if old != text else None


def main() -> int:
    """Generate, or check; return the exit status."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true", help="only say what differs")
    check = arguments.parse_args().check
    files = generated()
    differences = [found for path, text in files.items() if (found := _difference(path, text))]
    if check and differences:
        print(*differences, sep="\n", file=sys.stderr)
        print(f"{len(differences)} generated files differ: run `make generate`", file=sys.stderr)
        return 1
    if check:
        print(f"{len(files)} generated files are as what they are made from says")
        return 0
    for path, text in files.items():
        target = ROOT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    print(f"{len(files)} files generated, {len(differences)} changed")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
