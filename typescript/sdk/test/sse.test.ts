import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Message, Reader } from "../src/sse.js";

const text =
  ': hello\n\nid: 1\r\nevent: note\r\ndata: {"a":\r\ndata:1}\r\n\r\nid: 2\rdata: a\u2028é👍\r\rretry: 5\nevent: lost\n\ndata\n\nid: 3\ndata: cut';

const messages = [
  { id: "1", event: "note", data: '{"a":\n1}' },
  { id: "2", event: "", data: "a\u2028é👍" },
  { id: "2", event: "", data: "" },
];

test("messages are the same however the bytes are cut", () => {
  const bytes = new TextEncoder().encode(text);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
      const reader = new Reader();
      const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const found: Message[] = [];
      for (let at = 1; at < edges.length; at++)
        found.push(...reader.feed(bytes.subarray(edges[at - 1], edges[at])));
      assert.deepEqual(found, messages);
    }),
    { numRuns: 200 },
  );
});
