// Says how large the package is in a bundle, writes it to dist/size.json, and fails when it grows past its limits
// without somebody saying so.
import { readFile, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** What is measured, and how large it may be, in bytes. */
const PARTS = [
  { what: "client", source: `export * from "./dist/index.js"`, limit: 32_000 },
  {
    what: "client and agent",
    source: `export * from "./dist/index.js"; export * from "./dist/agent/index.js"`,
    limit: 60_000,
  },
  { what: "verifyWebhook alone", source: `export { verifyWebhook } from "./dist/index.js"`, limit: 3_000 },
];

/** Bytes of what `source` needs of the package, minified. */
async function measure(source) {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: import.meta.dirname },
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2022",
    write: false,
  });
  const { contents } = outputFiles[0];
  return { bytes: contents.length, gzipped: gzipSync(contents, { level: 9 }).length };
}

const { name } = JSON.parse(await readFile(new URL("package.json", import.meta.url), "utf8"));
const sizes = {};
for (const { what, source, limit } of PARTS) {
  const size = await measure(source);
  sizes[what] = size;
  console.log(`${name}, ${what}: ${size.bytes} bytes minified, ${size.gzipped} gzipped`);
  if (size.bytes > limit) {
    console.error(`that is more than ${limit}: raise the limit in size.mjs if it is worth it`);
    process.exitCode = 1;
  }
}
await writeFile(new URL("dist/size.json", import.meta.url), `${JSON.stringify(sizes, null, 2)}\n`);
