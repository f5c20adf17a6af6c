// Prints how large the package is in a bundle, and fails when it grows past its limit without somebody saying so.
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const LIMIT = 32_000;

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
const whole = await measure(`export * from "./dist/index.js"`);
const verifier = await measure(`export { verifyWebhook } from "./dist/index.js"`);
console.log(
  `${name}: ${whole.bytes} bytes minified, ${whole.gzipped} gzipped; verifyWebhook alone ${verifier.bytes}`,
);
if (whole.bytes > LIMIT) {
  console.error(`that is more than ${LIMIT}: raise the limit in size.mjs if it is worth it`);
  process.exit(1);
}
