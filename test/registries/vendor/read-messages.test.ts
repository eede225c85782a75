import { expect, it } from "vitest";
import { readEach, readPlainMessage } from "../../../src/registries/vendor/read-messages.ts";

const read = (value: unknown) =>
  readPlainMessage(value, (content) => (content.includes("%") ? "it has a %" : null));
const user = { role: "user", content: "Hi" };

it("reads messages in their order", () => {
  const values = [{ ...user, role: "developer", name: "x" }, user];
  expect(readEach(values, read)).toEqual({ messages: [{ role: "developer", content: "Hi" }, user] });
});

it.each([
  [[], "it has no message"],
  [[user, { role: "user", content: "5 %" }], "it has a %"],
  [[{ role: "tool\u0007", content: "x" }], 'it has a message of role "tool\\u{7}" that is none of'],
  [[{ role: "user", content: 7 }], 'it has a message of role "user" that is none of'],
  [[null], "it has a message that is none of"],
  [["text"], "it has a message that is none of"],
])("says why messages are none of ours: %j", (values, reason) => {
  expect(readEach<unknown>(values, read)).toEqual({ problem: expect.stringContaining(reason) as string });
});
