import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import { systemCode } from "../../files/storage.ts";
import type { CommandContext } from "../context.ts";
import { EVIDENCE_FILE } from "../gate/keep-evidence.ts";

const MAX_BYTES = 10 * 1024 * 1024;

/** The text of an evidence file, or of the one in a run's folder. Throws `FILE_UNREADABLE`. */
export async function readAttestationFile(
  { cwd }: Pick<CommandContext, "cwd">,
  named: string,
): Promise<{ readonly path: string; readonly text: string }> {
  let path = resolve(cwd, named);
  try {
    if ((await stat(path)).isDirectory()) path = join(path, EVIDENCE_FILE);
    const { size } = await stat(path);
    if (size > MAX_BYTES) {
      throw new GateError("FILE_UNREADABLE", `${visibleLine(path, 400)} is too large for evidence`);
    }
    return { path, text: await readFile(path, "utf8") };
  } catch (error) {
    if (error instanceof GateError) throw error;
    const reason = systemCode(error) === "ENOENT" ? "it is not there" : systemCode(error);
    throw new GateError("FILE_UNREADABLE", `cannot read ${visibleLine(path, 400)}: ${reason}`, {
      hint: "name an evidence.json, or the folder of a run that promptgate gate wrote",
      cause: error,
    });
  }
}
