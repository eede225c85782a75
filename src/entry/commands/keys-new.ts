import { open, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { GateError } from "../../domain/errors.ts";
import { visible, visibleLine } from "../../domain/visible.ts";
import { createKeys, keyId } from "../../evidence/keys.ts";
import { storageError, systemCode } from "../../files/storage.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";

export interface KeysNewOptions extends CommonOptions {
  /** The private key's file, relative to the working folder; the public one is beside it with `.pub`. */
  readonly output: string;
}

/** Creates a file that nobody else can read, or throws: an existing key is never replaced. */
async function writeNew(path: string, text: string, mode: number): Promise<void> {
  try {
    const handle = await open(path, "wx", mode);
    try {
      // The mode given to open passes through the umask, which may only take away.
      await handle.chmod(mode);
      await handle.writeFile(text, "utf8");
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw storageError("write", path, error);
    throw new GateError("USAGE", `${visibleLine(path, 400)} exists: a key is never overwritten`, {
      hint: "choose another --output; what an old key signed can only be verified with its public half",
      cause: error,
    });
  }
}

/** `keys new`: writes an ed25519 key pair and says what goes into the config. */
export async function runKeysNew(context: CommandContext, options: KeysNewOptions): Promise<ExitCode> {
  const path = resolve(context.cwd, options.output);
  const publicPath = `${path}.pub`;
  const { privateKey, publicKey } = createKeys();
  await writeNew(publicPath, `${publicKey}\n`, 0o644);
  try {
    await writeNew(path, privateKey, 0o600);
  } catch (error) {
    await rm(publicPath, { force: true });
    throw error;
  }
  const files = { privateKey: options.output, publicKey: `${options.output}.pub` };
  if (options.json) {
    const document = { schema: "promptgate/keys@1", files, publicKey, keyId: keyId(publicKey) };
    context.print(JSON.stringify(document, null, 2));
    return 0;
  }
  const lines = [
    `private key  ${files.privateKey}  (keep it out of the repository; whoever has it can sign)`,
    `public key   ${files.publicKey}`,
    "",
    "To trust what it signs, in promptgate.yaml: as evidence of gate runs",
    "",
    "evidence:",
    "  keys:",
    `    ci: ${publicKey}`,
    "",
    "or as the sign-off of a person",
    "",
    "approvers:",
    '  - name: "Your Name"',
    "    email: you@example.com",
    `    key: ${publicKey}`,
    "",
    `then sign: promptgate gate --sign ${files.privateKey}, or the PEM text in PROMPTGATE_SIGNING_KEY`,
  ];
  context.print(visible(lines.join("\n")));
  return 0;
}
