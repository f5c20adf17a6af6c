/** The wire types of the contract, as they travel: names in snake_case. */
export type * from "./contract.gen.js";
