// Runs every benchmark (or those named on the command line): each is a script whose exit code says whether its bounds
// were kept.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const wanted = process.argv.slice(2);
const names = readdirSync("bench")
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -".ts".length))
  .filter((name) => wanted.length === 0 || wanted.includes(name));
if (names.length === 0) throw new Error(`no benchmark is named ${wanted.join(", ")}`);

// Inside the project, so that packages resolve.
const folder = mkdtempSync("node_modules/.bench-");
let failures = 0;
try {
  for (const name of names) {
    const outfile = join(folder, `${name}.mjs`);
    await build({
      entryPoints: [join("bench", `${name}.ts`)],
      outfile,
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      target: "node20",
      logLevel: "warning",
    });
    console.log(`\n== ${name}`);
    const { status } = spawnSync(process.execPath, ["--expose-gc", outfile], { stdio: "inherit" });
    if (status !== 0) {
      failures += 1;
      console.log(`${name}: a bound was missed`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
