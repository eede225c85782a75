// The licences of what a build folds in, whole.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Folders of the packages that a build has something of. */
function packageFolders({ outputs }) {
  const inputs = Object.values(outputs).flatMap((output) =>
    Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  const folders = inputs.flatMap((path) => {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path.replaceAll("\\", "/"));
    return match === null ? [] : [match[1]];
  });
  return [...new Set(folders)].sort();
}

function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder)
    .sort()
    .find((each) => /^licen[cs]e(\.(md|txt))?$/i.test(each));
  const text = file === undefined ? `License: ${license}` : readFileSync(join(folder, file), "utf8").trim();
  return { title: `${name} ${version}`, text: text.replaceAll("\r\n", "\n") };
}

/** One text of all licences, of a build's `metafile`: what several packages say alike stands there once. */
export function licenseText(metafile) {
  const titles = new Map();
  for (const { title, text } of packageFolders(metafile).map(licenseOf)) {
    titles.set(text, [...(titles.get(text) ?? []), title]);
  }
  return [...titles]
    .map(([text, packages]) => `${packages.join("\n")}\n\n${text}\n`)
    .join(`\n${"-".repeat(80)}\n\n`);
}

/** Some dependencies are CommonJS and ask for Node's own modules by `require`, which an ES module lacks. */
export const requireBanner =
  'import{createRequire as promptgateRequire}from"node:module";const require=promptgateRequire(import.meta.url);';
