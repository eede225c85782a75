import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

const folder = join(import.meta.dirname, "../../src/client");

async function bundle(entry: string) {
  const { metafile, outputFiles } = await build({
    entryPoints: [join(folder, entry)],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "node",
    target: "es2022",
  });
  const [output] = Object.values(metafile.outputs);
  return {
    bytes: outputFiles[0]?.contents.length ?? Number.NaN,
    inputs: Object.keys(metafile.inputs),
    outside: (output?.imports ?? []).map(({ path }) => path),
  };
}

describe("promptgate/client", () => {
  it("has less than 6 KB minified", async () => {
    const { bytes } = await bundle("index.ts");
    expect(bytes).toBeGreaterThan(1000);
    expect(bytes).toBeLessThan(6 * 1024);
  });

  it.each([
    ["index.ts", ["node:crypto"]],
    ["adapters.ts", ["node:fs/promises"]],
    ["openfeature.ts", []],
  ])("needs no package for %s", async (entry, expected) => {
    const { inputs, outside } = await bundle(entry);
    expect(inputs.filter((path) => !path.startsWith("src/"))).toEqual([]);
    expect([...new Set(outside)]).toEqual(expected);
  });
});
