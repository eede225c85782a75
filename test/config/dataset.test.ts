import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import { openDataset } from "../../src/config/dataset.ts";
import { GateError } from "../../src/domain/errors.ts";
import type { Dataset } from "../../src/domain/project.ts";
import { aFolder, schemas } from "./project-folder.ts";

const lines = [
  '{"id":"b","vars":{"q":"two"},"tags":["x"],"group":"g"}',
  '{"id":"a","vars":{"q":"one","r":1},"critical":true,"assert":[{"type":"contains","value":"1","metric":"m"}]}',
];

function open(contents: string | Uint8Array, name = "cases.jsonl"): Promise<Dataset> {
  return openDataset(aFolder({ [name]: contents }), name, schemas.caseAssertion);
}

async function refused(contents: string | Uint8Array, name?: string): Promise<string> {
  const error = await open(contents, name).catch((fault: unknown) => fault);
  expect(error).toBeInstanceOf(GateError);
  expect((error as GateError).code).toBe("DATASET_INVALID");
  return (error as GateError).message;
}

describe("a dataset", () => {
  it("keeps an index and reads cases on demand", async () => {
    const dataset = await open(lines.join("\n"));
    expect(dataset.entries).toEqual([
      { id: "b", tags: ["x"], critical: false, group: "g" },
      { id: "a", tags: [], critical: true },
    ]);
    expect(dataset.assertionMetrics).toEqual([{ type: "contains", metric: "m" }]);
    expect(dataset.variableCounts).toEqual(
      new Map([
        ["q", 2],
        ["r", 1],
      ]),
    );
    expect(await dataset.read("a")).toMatchObject({ id: "a", vars: { q: "one", r: 1 }, split: "golden" });
    await expect(dataset.read("c")).rejects.toMatchObject({ code: "DATASET_INVALID" });
    await dataset.close();
  });

  it("is the one that is on the disk when it is opened again, changed or not", async () => {
    const folder = aFolder({ "cases.jsonl": `${lines.join("\n")}\n` });
    const openAgain = (): Promise<Dataset> => openDataset(folder, "cases.jsonl", schemas.caseAssertion);
    const first = await openAgain();
    const second = await openAgain();
    expect(second.digest).toBe(first.digest);
    await first.close();
    expect(await second.read("a")).toMatchObject({ vars: { q: "one" } });
    appendFileSync(join(folder, "cases.jsonl"), '{"id":"c","vars":{"q":"three"}}\n');
    const third = await openAgain();
    expect(third.entries.map(({ id }) => id)).toEqual(["b", "a", "c"]);
    expect(third.digest).not.toBe(first.digest);
    writeFileSync(join(folder, "cases.jsonl"), '{"id":"c"');
    await expect(openAgain()).rejects.toMatchObject({ code: "DATASET_INVALID" });
  });

  it("has one digest whatever its order, formatting and file format", async () => {
    const values = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const same = [
      await open(lines.join("\n")),
      await open(`\ufeff\r\n${lines[1]}\r\n\r\n  ${lines[0]}\r\n`),
      await open(JSON.stringify(values.toReversed(), null, 2), "cases.json"),
      await open(`- ${lines[0]}\n- ${lines[1]}\n`, "cases.yml"),
      await open(`${lines[0]}\n${lines[1]?.replace('"critical"', '"description":"a note","critical"')}`),
    ];
    expect(new Set(same.map(({ digest }) => digest)).size).toBe(1);
    const other = await open(`${lines[0]}\n${lines[1]?.replace("one", "One")}`);
    expect(other.digest).not.toBe(same[0]?.digest);
  });

  it("finds all cases wherever the chunks of the file end", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 30 }), { minLength: 1, maxLength: 30 }),
        fc.nat(200_000),
        async (texts, filler) => {
          const cases = texts.map((text, index) => ({ id: `c${index}`, vars: { text } }));
          const long = { id: "long", vars: { text: "é".repeat(filler) } };
          const dataset = await open([long, ...cases].map((value) => JSON.stringify(value)).join("\n"));
          for (const { id, vars } of [long, ...cases]) expect((await dataset.read(id)).vars).toEqual(vars);
          await dataset.close();
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe("a dataset that changes while it is in use", () => {
  const change: Record<string, (path: string) => void> = {
    "is edited in place": (path) => writeFileSync(path, lines.join("\n").replace("one", "two")),
    "is cut off": (path) => truncateSync(path, 10),
    "has its lines swapped": (path) => writeFileSync(path, lines.toReversed().join("\n")),
  };
  it.each(Object.keys(change))("and %s is refused", async (how) => {
    const folder = aFolder({ "cases.jsonl": lines.join("\n") });
    const dataset = await openDataset(folder, "cases.jsonl", schemas.caseAssertion);
    change[how]?.(join(folder, "cases.jsonl"));
    await expect(dataset.read("a")).rejects.toMatchObject({
      code: "DATASET_INVALID",
      message: "cases.jsonl changed while it was in use: case a is not what was checked",
    });
    await dataset.close();
  });

  it("is still the checked one when another file took its name, or lines were appended", async () => {
    const folder = aFolder({ "cases.jsonl": `${lines.join("\n")}\n`, "new.jsonl": "{}" });
    const dataset = await openDataset(folder, "cases.jsonl", schemas.caseAssertion);
    appendFileSync(join(folder, "cases.jsonl"), "{}\n");
    renameSync(join(folder, "new.jsonl"), join(folder, "cases.jsonl"));
    expect((await dataset.read("a")).id).toBe("a");
    await dataset.close();
  });
});

describe("what is no dataset", () => {
  const utf16 = Buffer.from(`\ufeff${lines.join("\n")}`, "utf16le");
  it.each([
    ["an empty file", "", undefined, "cases.jsonl: has no cases: expected at least one"],
    ["blank lines", "\n \r\n\n", undefined, "cases.jsonl: has no cases: expected at least one"],
    ["an empty list", "[]", "cases.json", "cases.json: has no cases: expected at least one"],
    ["an empty YAML file", "", "cases.yml", "cases.yml: the file is empty: expected at least one case"],
    ["a mapping", "a: 1", "cases.yml", "cases.yml:1:1: expected a list of cases, got a mapping"],
    [
      "UTF-16",
      utf16,
      undefined,
      "cases.jsonl:1:1: this line is not UTF-8 text but UTF-16 (little endian): save it as UTF-8",
    ],
    [
      "UTF-16 without a mark",
      utf16.subarray(2),
      undefined,
      "cases.jsonl:1:1: this line is not UTF-8 text but UTF-16: save it as UTF-8",
    ],
    [
      "UTF-16 in YAML",
      Buffer.from(utf16).swap16(),
      "cases.yml",
      "cases.yml: is not UTF-8 text but UTF-16 (big endian): save it as UTF-8",
    ],
    [
      "Latin-1",
      Buffer.from(`${lines[0]}\n{"id":"caf\xe9"}`, "latin1"),
      undefined,
      "cases.jsonl:2:1: this line is not UTF-8 text but Latin-1 or Windows-1252, perhaps: save it as UTF-8",
    ],
    [
      "a line of 2 MB",
      `${lines[0]}\n"${"x".repeat(2_000_000)}"`,
      undefined,
      "cases.jsonl:2:1: expected a line of at most 1 MB; nothing behind it was read",
    ],
    ["a list in a line", "[]", undefined, "cases.jsonl:1:1: expected a mapping, got an empty list"],
    [
      "another kind of file",
      "",
      "cases.xlsx",
      "cases.xlsx: expected a dataset that ends in .jsonl, .yml, .json or .csv",
    ],
    [
      "deep nesting",
      `{"id":"a","vars":{"q":${"[".repeat(200)}${"]".repeat(200)}}}`,
      undefined,
      "cases.jsonl:1:122: expected at most 100 levels of nesting",
    ],
  ])("%s", async (_, contents, name, expected) => {
    expect(await refused(contents, name)).toBe(expected);
  });

  it("names what is no ordinary file, and does not wait for a pipe", async () => {
    const folder = aFolder({});
    mkdirSync(join(folder, "a.jsonl"));
    execFileSync("sh", ["-c", 'mkfifo "$0"', join(folder, "b.jsonl")]);
    await expect(openDataset(folder, "a.jsonl", schemas.caseAssertion)).rejects.toThrow(
      "a.jsonl: is a folder, not a file",
    );
    await expect(openDataset(folder, "b.jsonl", schemas.caseAssertion)).rejects.toThrow(
      "b.jsonl: is no ordinary file",
    );
    await expect(openDataset(folder, "a\0b.jsonl", schemas.caseAssertion)).rejects.toThrow(
      "a\\u{0}b.jsonl: has a name with a NUL character",
    );
  });

  it.each(["jsonl", "json", "yml", "csv"])(
    "any bytes as .%s end in a dataset or a GateError",
    async (suffix) => {
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(
            fc.uint8Array({ maxLength: 80 }),
            fc.string().map((text) => Buffer.from(text)),
            fc
              .array(
                fc.oneof(
                  fc.json(),
                  fc.constantFrom(...lines, '{"id":"__proto__"}', "id,__expected\na,contains:x"),
                ),
                { maxLength: 4 },
              )
              .map((parts) => Buffer.from(parts.join("\n"))),
          ),
          async (bytes) => {
            const result = await open(bytes, `cases.${suffix}`).catch((fault: unknown) => fault);
            if (result instanceof Error) return result instanceof GateError;
            await (result as Dataset).close();
            return true;
          },
        ),
        { numRuns: 60 },
      );
    },
  );
});
