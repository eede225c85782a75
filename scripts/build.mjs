// Bundles the command line and the library: a package of few files starts faster and takes less room on the disk. Runtime
// dependencies stay outside; the tokenizer library, of which one table of many is used, is folded in.
import { readFileSync, rmSync } from "node:fs";
import { build } from "esbuild";

const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));

// A build begins empty: what was renamed or removed must not be shipped.
rmSync("lib", { recursive: true, force: true });
await build({
  entryPoints: [
    "src/index.ts",
    "src/client/index.ts",
    "src/client/adapters.ts",
    "src/client/openfeature.ts",
    "src/entry/bin.ts",
  ],
  outbase: "src",
  outdir: "lib",
  // As deep as the entry points, so that paths to the package's own files are the same everywhere.
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  external: Object.keys(dependencies).flatMap((name) => [name, `${name}/*`]),
  platform: "node",
  format: "esm",
  target: "node20",
  logLevel: "warning",
});
