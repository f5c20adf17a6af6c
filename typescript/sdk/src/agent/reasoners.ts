/** Reasoners: functions with a name, and what is told of them. */
import { plain } from "../canonical.js";
import type { Run } from "./run.js";

/** Reads an input: any library's schema that follows Standard Schema (zod, valibot, arktype). */
export interface InputSchema<Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Checked<Input> | Promise<Checked<Input>>;
  };
}

type Checked<Input> =
  | { readonly value: Input; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

interface Issue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}

/** What a reasoner is besides its name and its code. */
export interface ReasonerOptions<Input = unknown> {
  /** Words for people who look for it. */
  tags?: readonly string[] | undefined;
  /** What it does. */
  description?: string | undefined;
  /** Reads the input; what it refuses is 422 `invalid_input` with its places. By default any JSON is taken as it is. */
  input?: InputSchema<Input> | undefined;
  /** JSON Schema of the input, for whoever calls it. The control plane checks it before it stores an execution. */
  inputSchema?: unknown;
  /** JSON Schema of the result, for whoever calls it. */
  outputSchema?: unknown;
}

/** A function that an agent offers. */
export type Work<Input, Output> = (ctx: Run, input: Input) => Output | Promise<Output>;

/** The input does not fit. */
export class InputError extends Error {
  /** Places, and what would be right. */
  readonly errors: ReadonlyArray<{ in: "body"; pointer: string; detail: string }>;

  constructor(issues: readonly Issue[]) {
    const errors = issues.map(({ message, path = [] }) => ({
      in: "body" as const,
      pointer: path.map((part) => `/${escaped(typeof part === "object" ? part.key : part)}`).join(""),
      detail: message,
    }));
    super(errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join("; "));
    this.errors = errors;
  }
}

function escaped(part: PropertyKey): string {
  return String(part).replaceAll("~", "~0").replaceAll("/", "~1");
}

const NAME = /^[A-Za-z0-9_.-]{1,170}$/;

/** A function with a name. */
export class Reasoner<Input = unknown> {
  readonly name: string;
  readonly #work: Work<Input, unknown>;
  readonly #options: ReasonerOptions<Input>;

  /** @throws {TypeError} a name that no path can hold. */
  constructor(name: string, work: Work<Input, unknown>, options: ReasonerOptions<Input>) {
    if (!NAME.test(name))
      throw new TypeError(`a reasoner's name is 1 to 170 of A-Z a-z 0-9 _ . -, not '${name}'`);
    this.name = name;
    this.#work = work;
    this.#options = options;
  }

  /** The input as the function wants it. @throws {InputError} it does not fit. */
  async read(given: unknown): Promise<Input> {
    const schema = this.#options.input;
    if (schema === undefined) return given as Input;
    const checked = await schema["~standard"].validate(given);
    if (checked.issues !== undefined) throw new InputError(checked.issues);
    return checked.value;
  }

  /** Call the function; the result as JSON can hold it. */
  async run(ctx: Run, input: Input): Promise<unknown> {
    return plain(await this.#work(ctx, input), `the result of ${this.name}`);
  }

  /** What `registerNode` is told. */
  describe() {
    const { tags = [], description, inputSchema, outputSchema } = this.#options;
    return { id: this.name, tags, description, inputSchema, outputSchema };
  }
}
