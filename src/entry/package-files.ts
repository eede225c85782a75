import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A file or folder of this package. Source and build are equally deep, so that one path serves both. */
export function packagePath(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** `MAJOR.MINOR.PATCH` of this package. */
export function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(packagePath("package.json"), "utf8")) as { version: string };
  return manifest.version;
}
