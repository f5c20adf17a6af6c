/** Where an agent says what happens: `console`, or any logger with these methods. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Warnings and errors to the console, the rest nowhere. */
export const consoleLog: Log = {
  info: () => {},
  // biome-ignore-start lint/suspicious/noConsole: an agent that nobody gave a logger still has to be heard.
  warn: (message) => console.warn(message),
  error: (message) => console.error(message),
  // biome-ignore-end lint/suspicious/noConsole: as above
};
