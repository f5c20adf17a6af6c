import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import fc from "fast-check";
import { canonical, digest, plain } from "../src/canonical.js";
import { ROOT } from "./contract.js";

/** What Python makes of JSON texts, one a line: their digests. */
function pythons(texts: readonly string[]): string[] {
  const script = `
import sys
from signoff.canonical import digest
from signoff.strict_json import loads_strict
for line in sys.stdin.buffer:
    print(digest(loads_strict(line.strip())))
`;
  const input = texts.map((text) => `${text}\n`).join("");
  const out = execFileSync(`${ROOT}python/.venv/bin/python`, ["-c", script], { input, maxBuffer: 2 ** 26 });
  return String(out).trim().split("\n");
}

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom("\u2028", "\u007f", "\u0000", "\ufffe"),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
  ),
});
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(
    -0,
    1e21,
    1e-7,
    2 ** 53,
    2 ** 60,
    -(2 ** 70),
    5e-324,
    1.7976931348623157e308,
    123456789012345680000,
  ),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, false),
    text,
    number,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(text, tie("value"), { maxKeys: 4 }),
  ),
}));

test("digests are those of Python, for whatever JSON JavaScript can hold", async () => {
  const values = fc.sample(value, 500).map((each) => plain(each, "it"));
  const mine = await Promise.all(values.map((each) => digest(each)));
  assert.deepEqual(mine, pythons(values.map((each) => JSON.stringify(each))));
});

const vectors: Array<Record<"text" | "canonical" | "sha256", string>> = JSON.parse(
  await readFile(`${ROOT}conformance/vectors/canonical_json.json`, "utf8"),
);

/** Whether JavaScript reads a text as it stands: its integers are doubles. */
function isKept(text: string): boolean {
  const numbers = text.match(/[0-9.eE+-]+/g) ?? [];
  return numbers.every((word) => !/^-?\d+$/.test(word) || Number.isSafeInteger(Number(word)));
}

test("canonical forms and digests are those that all languages share", async () => {
  let compared = 0;
  for (const { text, canonical: expected, sha256 } of vectors) {
    if (!isKept(text)) continue;
    compared += 1;
    assert.equal(canonical(JSON.parse(text)), expected);
    assert.equal(await digest(JSON.parse(text)), sha256);
  }
  assert.equal(compared, vectors.length - 1);
});

test("members are sorted by their UTF-16 code units, and nothing is between them", () => {
  const members = { "\u{10000}": 1, "\ufb33": 2, b: [1.0, -0, 1e21, "\u001f"], a: { "": null } };
  assert.equal(canonical(members), '{"a":{"":null},"b":[1,0,1e+21,"\\u001f"],"\u{10000}":1,"\ufb33":2}');
});

test("plain is what a journey as JSON leaves", () => {
  const given = { at: new Date(0), gone: undefined, list: [undefined, 1] };
  assert.deepEqual(plain(given, "it"), { at: "1970-01-01T00:00:00.000Z", list: [null, 1] });
  assert.equal(plain(undefined, "it"), null);
  const cycle: unknown[] = [];
  cycle.push(cycle);
  for (const unfit of [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1n,
    cycle,
    "\ud800",
    { "\udc00": 1 },
    () => 1,
    Symbol("s"),
  ]) {
    assert.throws(() => plain(unfit, "it"), {
      name: "TypeError",
      message: /^it must be something that JSON can hold/,
    });
  }
});
