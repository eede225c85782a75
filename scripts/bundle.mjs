// Bundles the action with everything that it needs into one file: GitHub runs it from the repository as it stands, with
// nothing installed. Two builds of the same sources give the same bytes; `--check` fails when what is committed is stale.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import { build } from "esbuild";
import tokens from "gpt-tokenizer/bpeRanks/o200k_base";
import { licenseText, requireBanner } from "./licenses.mjs";

const { values } = parseArgs({
  options: { check: { type: "boolean", default: false }, outdir: { type: "string", default: "dist" } },
});
const { version } = JSON.parse(readFileSync("package.json", "utf8"));

/** The bundle is no package: it has no files but itself, and its version is known now. */
const ownVersion = {
  name: "own-version",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/]entry[\\/]package-files\.ts$/ }, () => ({
      contents: `export const packageVersion = () => ${JSON.stringify(version)};`,
    }));
  },
};

const TOKENS = "o200k.br";

/** A third of the text. The tenth level takes ten times as long for a twentieth less. */
function compressed(bytes) {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;
  return brotliCompressSync(bytes, {
    params: { [BROTLI_PARAM_QUALITY]: 9, [BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
}

/** Unpacked when somebody counts tokens, and not before. */
const packedTokens = {
  name: "packed-tokens",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]gpt-tokenizer[\\/]esm[\\/]bpeRanks[\\/]o200k_base\.js$/ }, () => ({
      contents: `import { readFileSync } from "node:fs";
        import { brotliDecompressSync } from "node:zlib";
        const packed = readFileSync(new URL(${JSON.stringify(TOKENS)}, import.meta.url));
        export default JSON.parse(brotliDecompressSync(packed).toString());`,
    }));
  },
};

/** GitHub's toolkit brings a method for every address of the interface, and all of undici. The action has two uses for them. */
const usedOfToolkit = {
  name: "used-of-toolkit",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]@octokit[\\/]plugin-rest-endpoint-methods[\\/]dist-src[\\/]index\.js$/ }, () => ({
      contents: "export const restEndpointMethods = () => ({});",
    }));
    onLoad({ filter: /[\\/]node_modules[\\/]undici[\\/]index\.js$/ }, () => ({
      contents: `exports.fetch = require("./lib/web/fetch/index.js").fetch;
        exports.ProxyAgent = require("./lib/dispatcher/proxy-agent.js");
        // How a proxy is asked for a tunnel.
        require("./lib/dispatcher/dispatcher.js").prototype.connect = require("./lib/api/api-connect.js");`,
    }));
  },
};

const { outputFiles, metafile } = await build({
  entryPoints: ["src/entry/action.ts"],
  outfile: "dist/index.js",
  write: false,
  metafile: true,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  minify: true,
  // In dist/licenses.txt, whole.
  legalComments: "none",
  logLevel: "warning",
  plugins: [ownVersion, packedTokens, usedOfToolkit],
  banner: { js: requireBanner },
});

const files = new Map([
  ["index.js", Buffer.from(outputFiles[0].contents)],
  [TOKENS, compressed(Buffer.from(JSON.stringify(tokens)))],
  ["licenses.txt", Buffer.from(licenseText(metafile))],
]);

const target = (name) => join(values.outdir, name);
if (values.check) {
  // Another version of Node may compress to other bytes: what counts is in them.
  const content = (name, bytes) => (name === TOKENS ? brotliDecompressSync(bytes) : bytes);
  const stale = [...files].filter(
    ([name, bytes]) =>
      !existsSync(target(name)) || !content(name, readFileSync(target(name))).equals(content(name, bytes)),
  );
  for (const [name] of stale) {
    console.error(`${target(name)} is not what the sources make: run \`npm run bundle\` and commit it`);
  }
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  mkdirSync(values.outdir, { recursive: true });
  for (const [name, bytes] of files) {
    writeFileSync(target(name), bytes);
    console.log(`${target(name)} ${bytes.length} bytes`);
  }
}
