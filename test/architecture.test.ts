import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const source = join(import.meta.dirname, "..", "src");

/** folder -> folders of `src/` that it may import; a new folder must be added here and in ARCHITECTURE.md. */
const allowedFolders: Record<string, readonly string[]> = {
  domain: [],
  stats: ["domain"],
  gate: ["domain", "stats"],
  report: ["domain"],
  files: ["domain"],
  http: ["domain"],
  config: ["domain"],
  evals: ["domain", "stats", "files"],
  models: ["domain", "files"],
  registries: ["domain", "files", "http"],
  platforms: ["domain", "files", "http", "registries"],
  rollout: ["domain", "stats"],
  metrics: ["domain", "files", "http"],
  stores: ["domain", "files"],
  evidence: ["domain", "files"],
  github: ["domain", "files"],
  client: ["domain", "rollout"],
  entry: [
    "domain",
    "stats",
    "gate",
    "rollout",
    "report",
    "files",
    "config",
    "evals",
    "models",
    "registries",
    "platforms",
    "metrics",
    "stores",
    "evidence",
    "github",
    "client",
  ],
  "index.ts": ["domain", "gate", "models"],
};

/** Folders that decide or render: no built-in modules but what cannot do I/O. */
const pureFolders: Record<string, readonly string[]> = {
  domain: ["node:crypto"],
  stats: [],
  gate: [],
  rollout: ["node:crypto"],
  report: [],
};

interface Import {
  readonly file: string;
  readonly folder: string;
  readonly target: string;
}

function importsOf(file: string): Import[] {
  const path = relative(source, file);
  const folder = path.includes(sep) ? (path.split(sep)[0] ?? "") : path;
  const { importedFiles } = ts.preProcessFile(readFileSync(file, "utf8"), true, true);
  return importedFiles.map(({ fileName }) => ({ file: path, folder, target: fileName }));
}

const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => join(source, name));
const imports = files.flatMap(importsOf);

function targetFolder({ file, target }: Import): string | null {
  if (!target.startsWith(".")) return null;
  const path = relative(source, join(source, dirname(file), target));
  return path.includes(sep) ? (path.split(sep)[0] ?? "") : path;
}

describe("the import table", () => {
  it("sees the source", () => {
    expect(files.length).toBeGreaterThan(20);
    expect(imports.length).toBeGreaterThan(files.length);
  });

  it("knows every folder", () => {
    const folders = new Set(files.map((file) => relative(source, file).split(sep)[0] ?? ""));
    expect([...folders].filter((folder) => !(folder in allowedFolders))).toEqual([]);
  });

  it("holds in every file", () => {
    const violations = imports.filter((entry) => {
      const target = targetFolder(entry);
      return target !== null && target !== entry.folder && !allowedFolders[entry.folder]?.includes(target);
    });
    expect(violations.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
  });

  it("keeps the deciding folders free of input and output", () => {
    const violations = imports.filter(
      ({ folder, target }) =>
        folder in pureFolders && target.startsWith("node:") && !pureFolders[folder]?.includes(target),
    );
    expect(violations.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
  });

  it("leaves clocks and randomness to the caller where decisions are made", () => {
    const impure = /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(/;
    const violations = files.filter(
      (file) =>
        (relative(source, file).split(sep)[0] ?? "") in pureFolders &&
        impure.test(readFileSync(file, "utf8")),
    );
    expect(violations.map((file) => relative(source, file))).toEqual([]);
  });

  it("has no default exports and no export *", () => {
    const violations = files.filter((file) => /^export (default|\*)/m.test(readFileSync(file, "utf8")));
    expect(violations.map((file) => relative(source, file))).toEqual([]);
  });
});
