import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

interface LockedPackage {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly peer?: boolean;
  readonly resolved?: string;
}

interface Lock {
  readonly packages: Record<string, LockedPackage>;
}

const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lock;
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  dependencies?: Record<string, string>;
  devDependencies: Record<string, string>;
};

function sizeOf(path: string): number {
  const stats = lstatSync(path);
  if (!stats.isDirectory()) return stats.blocks * 512;
  return readdirSync(path)
    .filter((name) => name !== "node_modules")
    .reduce((sum, name) => sum + sizeOf(join(path, name)), stats.blocks * 512);
}

describe("the package", () => {
  it("brings all that it needs, so that nothing else is installed with it", () => {
    expect(manifest.dependencies).toBeUndefined();
    const installed = Object.entries(lock.packages).filter(
      ([path, each]) => path !== "" && each.dev !== true,
    );
    // What an application may bring itself: the lock file has them for their types alone.
    expect(installed.filter(([, { peer, devOptional }]) => peer !== true && devOptional !== true)).toEqual(
      [],
    );
  });

  it("pins every dependency exactly", () => {
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it("takes at most 8 MB of disk", () => {
    const bytes = sizeOf(join(root, "lib"));
    expect(bytes).toBeGreaterThan(1e6);
    expect(bytes / 1e6).toBeLessThan(8);
  });

  it("ships the licence of every package that it folds in", () => {
    const licences = readFileSync(join(root, "lib", "licenses.txt"), "utf8");
    for (const name of ["zod", "yaml", "openai", "ajv", "commander", "re2js", "gpt-tokenizer"]) {
      expect(licences).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+$`, "m"));
    }
  });

  it("locks packages without download addresses, so that any mirror serves", () => {
    const addressed = Object.values(lock.packages).filter(({ resolved }) => resolved !== undefined);
    expect(addressed).toEqual([]);
  });
});
