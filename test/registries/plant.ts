import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { renderMoveDocument, renderVersionDocument } from "../../src/registries/stored-documents.ts";
import { aVersion, SOME_TIME } from "./a-version.ts";

const prompt = "customer-support";

/** Writes `count` versions `1.0.0`, `1.0.1`, … into a registry's folder, as many publications would have. */
export async function plantVersions(registry: string, count: number): Promise<void> {
  const folder = join(registry, prompt, "versions");
  await mkdir(folder, { recursive: true });
  for (let index = 0; index < count; index++) {
    const version = aVersion(`1.0.${index}`, `Text ${index}.`);
    await writeFile(join(folder, `${version.version}.json`), renderVersionDocument(version));
  }
}

/** Writes `count` moves of production between 1.0.0 and 1.0.1, as many moves would have; the first goes to 1.0.0. */
export async function plantMoves(registry: string, count: number): Promise<void> {
  const folder = join(registry, prompt, "moves");
  await mkdir(folder, { recursive: true });
  const at = new Date(SOME_TIME).toISOString();
  for (let sequence = 1; sequence <= count; sequence++) {
    const [other, to] = sequence % 2 === 1 ? ["1.0.1", "1.0.0"] : ["1.0.0", "1.0.1"];
    const from = sequence === 1 ? null : other;
    const move = { sequence, label: "production", from, to, at, by: "Ada", reason: "again" };
    await writeFile(join(folder, `${String(sequence).padStart(6, "0")}.json`), renderMoveDocument(move));
  }
}
