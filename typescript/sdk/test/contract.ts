import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly string[];
}

interface OperationNode {
  readonly operationId: string;
  readonly security: ReadonlyArray<{ apiKey: [string] }>;
}

interface Contract {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationNode>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

// The compiled tests run three folders deeper than the contract's.
export const ROOT = fileURLToPath(new URL("../../../../../", import.meta.url));

export const contract: Contract = parse(await readFile(`${ROOT}openapi.yaml`, "utf8"), { merge: true });

const operations = Object.entries(contract.paths).flatMap(([path, methods]) =>
  Object.entries(methods)
    .filter(([method]) => method !== "parameters")
    .map(([method, operation]) => {
      const roles = operation.security.map(({ apiKey }) => apiKey[0]);
      return { id: operation.operationId, method: method.toUpperCase(), path, roles };
    }),
);

function forClients({ roles }: { roles: readonly string[] }): boolean {
  return !roles.includes("agent") || roles.includes("client") || roles.includes("reviewer");
}

/** The operations for clients, in the contract's order: all but those for agents alone. */
export const clientSide = operations.filter(forClients);

/** Those for agents alone. */
export const agentSide = operations.filter((operation) => !forClients(operation));
