import { spawn } from "node:child_process";
import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";

export interface GitAnswer {
  /** Null when git could not be started. */
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  /** One harmless line. */
  readonly stderr: string;
}

interface GitCall {
  readonly input?: string;
  /** Variables beside those of this process; for what must not stand among the arguments. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Nothing that a repository configures or names is run, and nobody is asked for a password. */
function guarded(folder: string): string[] {
  return [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "protocol.ext.allow=never",
    // In a container the checkout belongs to another user.
    `safe.directory=${folder}`,
  ].flatMap((setting) => ["-c", setting]);
}

/** Runs git in a folder and waits for it. Never throws for what git says. */
export async function runGit(
  folder: string,
  args: readonly string[],
  { input, environment = {}, signal }: GitCall = {},
): Promise<GitAnswer> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", [...guarded(folder), "--literal-pathspecs", "--no-pager", ...args], {
      cwd: folder,
      env: {
        ...process.env,
        GIT_TERMINAL_PROMPT: "0",
        GIT_OPTIONAL_LOCKS: "0",
        LC_ALL: "C",
        ...environment,
      },
      stdio: ["pipe", "pipe", "pipe"],
      ...(signal === undefined ? {} : { signal }),
    });
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (signal?.aborted === true) reject(signal.reason as Error);
      else resolve({ exitCode: null, stdout: Buffer.alloc(0), stderr: `git cannot be run (${error.code})` });
    });
    child.on("close", (exitCode) => {
      const stderr = visibleLine(Buffer.concat(errors).toString("utf8"), 300);
      resolve({ exitCode: exitCode ?? 128, stdout: Buffer.concat(out), stderr });
    });
    // A git that ends early closes its end; its exit code says why.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input ?? "");
  });
}

/** Text that git prints on success without the newline at its end; null when git failed. */
export async function gitText(
  folder: string,
  args: readonly string[],
  call: GitCall = {},
): Promise<string | null> {
  const { exitCode, stdout } = await runGit(folder, args, call);
  return exitCode === 0 ? stdout.toString("utf8").replace(/\n$/, "") : null;
}

/** What git prints; throws `FILE_UNREADABLE` with its own words when it fails. */
export async function requireGit(
  folder: string,
  args: readonly string[],
  { what, ...call }: GitCall & { readonly what: string },
): Promise<Buffer> {
  const { exitCode, stdout, stderr } = await runGit(folder, args, call);
  if (exitCode === 0) return stdout;
  throw new GateError("FILE_UNREADABLE", `cannot ${what}: ${stderr || `git ended with ${exitCode}`}`, {
    hint: "run this in a git checkout that has the commit; `git fetch --depth=1 origin REVISION` gets it",
  });
}
