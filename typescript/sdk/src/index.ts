/**
 * The wire types of the contract, as they travel: names in snake_case, times as text.
 *
 * A word that this version does not know stays in its field. User JSON is `unknown`; `JSON.parse` holds no
 * integer above 2^53 exactly and puts keys like "10" first.
 */
export type * from "./contract.gen.js";
