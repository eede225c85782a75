import { describe, expect, it } from "vitest";
import * as z from "zod";
import { ofKind, parseOptions } from "../../src/domain/kinds.ts";

const kinds = { file: 1, git: 2 };

describe("what a table holds for a kind", () => {
  it("is the value of the kind", () => {
    expect(ofKind(kinds, "git", "store.kind")).toBe(2);
  });

  it.each(["files", "constructor", "__proto__", ""])(
    "is an error that names place and kinds for %j",
    (kind) => {
      expect(() => ofKind(kinds, kind, "store.kind")).toThrow(
        expect.objectContaining({
          code: "CONFIG_INVALID",
          message: `store.kind: there is no "${kind}"`,
          hint: "known: file, git",
        }),
      );
    },
  );
});

describe("options of the config", () => {
  const schema = z.strictObject({
    path: z.string().default(".state"),
    retry: z.object({ times: z.int() }).optional(),
  });

  it("come with their defaults", () => {
    expect(parseOptions(schema, {}, "store")).toEqual({ path: ".state" });
  });

  it("are refused with the place of the first that is wrong", () => {
    expect(() => parseOptions(schema, { retry: { times: "often" } }, "store")).toThrow(
      /^store\.retry\.times: /,
    );
    expect(() => parseOptions(schema, { pth: "x" }, "store")).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
  });
});
