// Prints the TypeScript types of the contract; tools/generate.py runs it.
// Usage: node generate.mjs CONTRACT.json
import { readFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const { factory } = ts;

/** `string & {}`: any other word, while editors still offer the known ones. */
function anyOtherWord() {
  return factory.createIntersectionTypeNode([
    factory.createKeywordTypeNode(ts.SyntaxKind.StringKeyword),
    factory.createTypeLiteralNode([]),
  ]);
}

/** An enum to which a newer server may add words. */
function openEnum(schema) {
  if (schema["x-open-enum"] !== true) return undefined;
  const words = schema.enum.map((word) => factory.createLiteralTypeNode(factory.createStringLiteral(word)));
  return factory.createUnionTypeNode([...words, anyOtherWord()]);
}

const contract = JSON.parse(await readFile(process.argv[2], "utf8"));
const types = await openapiTS(contract, {
  // A request field with a default need not be given.
  defaultNonNullable: false,
  rootTypes: true,
  rootTypesNoSchemaPrefix: true,
  silent: true,
  transform: openEnum,
});
process.stdout.write(astToString(types));
