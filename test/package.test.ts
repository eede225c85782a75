import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

interface Lock {
  readonly packages: Record<string, { readonly dev?: boolean; readonly resolved?: string }>;
}

const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lock;
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
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
  it("has at most 15 direct runtime dependencies", () => {
    const count = Object.keys(manifest.dependencies).length;
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThanOrEqual(15);
  });

  it("pins every dependency exactly", () => {
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it("installs at most 45 MB for production, its own build included", () => {
    const folders = Object.entries(lock.packages)
      .filter(([path, { dev }]) => path !== "" && dev !== true)
      .map(([path]) => join(root, path));
    expect(folders.length).toBeGreaterThan(10);
    const bytes = [...folders, join(root, "lib")].reduce((sum, folder) => sum + sizeOf(folder), 0);
    expect(bytes / 1e6).toBeLessThan(45);
  });

  it("locks packages without download addresses, so that any mirror serves", () => {
    const addressed = Object.values(lock.packages).filter(({ resolved }) => resolved !== undefined);
    expect(addressed).toEqual([]);
  });
});
