/** The code that the READMEs show compiles, against the package as it is published. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { promisify } from "node:util";
import { ROOT } from "./contract.js";

const SDK = `${ROOT}typescript/sdk/`;

/** What a reader has at hand by then; a block that declares it itself hides it. */
const AT_HAND = `import type { SignoffClient } from "@signoff/sdk";
import type { Agent } from "@signoff/sdk/agent";
declare global {
  const agent: Agent;
  const client: SignoffClient;
  const secret: string;
  const ticket: string;
  const build: (version: string) => Promise<string>;
  const createReview: (ticket: string) => Promise<string>;
  const deploy: () => Promise<void>;
}
export {};
`;

const OPTIONS = {
  extends: `${SDK}tsconfig.examples.json`,
  compilerOptions: {
    noEmit: true,
    baseUrl: SDK,
    rootDir: SDK,
    typeRoots: [`${ROOT}typescript/node_modules/@types`],
  },
  include: ["*.ts"],
  exclude: [],
};

test("every block of the READMEs compiles", async () => {
  const folder = `${SDK}test/dist/readme`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const readmes = [`${SDK}README.md`, `${ROOT}README.md`].map((path) => readFile(path, "utf8"));
  const text = (await Promise.all(readmes)).join("\n");
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code ?? "");
  assert.ok(blocks.length >= 6);
  await Promise.all([
    writeFile(`${folder}/at_hand.d.ts`, AT_HAND),
    writeFile(`${folder}/package.json`, '{ "type": "module" }'),
    writeFile(`${folder}/tsconfig.json`, JSON.stringify(OPTIONS)),
    ...blocks.map((code, at) => writeFile(`${folder}/block_${at}.ts`, `${code}\nexport {};\n`)),
  ]);
  const tsc = `${ROOT}typescript/node_modules/typescript/bin/tsc`;
  const compiled = promisify(execFile)(process.execPath, [tsc, "-p", folder]);
  await compiled.catch(({ stdout }: { stdout: string }) => assert.fail(stdout));
});
