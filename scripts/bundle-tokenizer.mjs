// The tokenizer library ships the tables of every encoding (22 MB). The build folds the one encoding that is used into
// one module, so that an installed package stays small.
import { existsSync } from "node:fs";
import { build } from "esbuild";

const output = "lib/evals/count-tokens.js";
if (!existsSync(output)) throw new Error(`${output} is missing: run tsc first`);
await build({
  entryPoints: ["src/evals/count-tokens.ts"],
  outfile: output,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  logLevel: "warning",
});
