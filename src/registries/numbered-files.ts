import type { FileTree } from "../files/tree.ts";
import { corruptFile } from "./read-document.ts";

const NAME = /^(\d{6,15})\.json$/;

export function numberedFile(folder: string, number: number): string {
  return `${folder}/${String(number).padStart(6, "0")}.json`;
}

/** The highest number in a folder of numbered files, 0 when it has none; `kind` says what a foreign file is not. */
export async function latestNumber(tree: FileTree, folder: string, kind: string): Promise<number> {
  let latest = 0;
  for (const name of await tree.list(folder, "any")) {
    if (name.startsWith(".")) continue;
    const number = Number(NAME.exec(name)?.[1]);
    const file = `${folder}/${name}`;
    if (!(number > 0) || numberedFile(folder, number) !== file) {
      throw corruptFile(tree, file, `it is no ${kind}`);
    }
    latest = Math.max(latest, number);
  }
  return latest;
}
