import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import { parseSigningKey, type SigningKey } from "../../evidence/keys.ts";
import { systemCode } from "../../files/storage.ts";
import type { CommandContext } from "../context.ts";

const VARIABLE = "PROMPTGATE_SIGNING_KEY";

/** A private key in a file that the user named. Throws `FILE_UNREADABLE` and `USAGE`. */
export async function readSigningKey(
  { cwd }: Pick<CommandContext, "cwd">,
  file: string,
): Promise<SigningKey> {
  const path = resolve(cwd, file);
  let pem: string;
  try {
    pem = await readFile(path, "utf8");
  } catch (error) {
    const code = systemCode(error);
    throw new GateError("FILE_UNREADABLE", `cannot read the key ${visibleLine(path, 400)} (${code})`, {
      hint: "promptgate keys new --output FILE writes a key pair",
      cause: error,
    });
  }
  return parseSigningKey(pem, visibleLine(file, 400));
}

/** The key that evidence is signed with: the file named by `--sign`, else the environment's, else none. */
export async function evidenceKey(
  context: Pick<CommandContext, "cwd" | "environment">,
  file: string | undefined,
): Promise<SigningKey | null> {
  if (file !== undefined) return readSigningKey(context, file);
  const pem = context.environment[VARIABLE];
  // A workflow hands in a missing secret as empty text.
  return pem === undefined || pem.trim() === "" ? null : parseSigningKey(pem, VARIABLE);
}
