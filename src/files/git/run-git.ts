import { spawn, type ChildProcess } from "node:child_process";
import { GateError } from "../../domain/errors.ts";

/** The environment that git sees: where its credentials, proxies and certificates are named. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface GitRun {
  /** Null when it was ended by its deadline. */
  readonly code: number | null;
  readonly stdout: Buffer;
  /** English, whatever the user's language. */
  readonly stderr: string;
}

export interface GitRequest {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Environment;
  readonly input?: string | Buffer;
  readonly timeoutMs?: number;
}

const LOCAL_TIMEOUT_MS = 60_000;

/** What names another repository to git: set where we run inside a hook, and wrong for ours. */
const REPOSITORY_VARIABLES = [
  "GIT_DIR",
  "GIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_OBJECT_DIRECTORY",
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_COMMON_DIR",
  "GIT_NAMESPACE",
  "GIT_PREFIX",
  "GIT_SHALLOW_FILE",
  "GIT_GRAFT_FILE",
  "GIT_QUARANTINE_PATH",
  "GIT_IMPLICIT_WORK_TREE",
  "GIT_CONFIG",
  "GIT_REPLACE_REF_BASE",
  "GIT_NO_REPLACE_OBJECTS",
];

function environmentOfGit(environment: Environment): Environment {
  const inherited = Object.entries(environment).filter(([name]) => !REPOSITORY_VARIABLES.includes(name));
  // Never asks at a terminal: a scheduler has none, and a prompt would hang until the deadline.
  return { ...Object.fromEntries(inherited), LC_ALL: "C", LANGUAGE: "C", GIT_TERMINAL_PROMPT: "0" };
}

/** Ends git and what it started: a helper that lives on would keep our pipes open. */
function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill("SIGKILL");
    else process.kill(-child.pid, "SIGKILL");
  } catch {
    // It ended by itself in this moment.
  }
}

function notStarted(cause: Error): GateError {
  return new GateError("STORAGE_FAILED", `cannot run git: ${cause.message}`, {
    hint: "install git 2.31 or newer, and check that it is on the PATH",
    cause,
  });
}

/**
 * Runs git without a shell, without a terminal and under a deadline; resolves whatever its exit code. Throws
 * `STORAGE_FAILED` when there is no git.
 */
export async function runGit({ args, cwd, environment, input, timeoutMs }: GitRequest): Promise<GitRun> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", [...args], {
      cwd,
      env: environmentOfGit(environment),
      // A group of its own, so that it can be ended whole.
      detached: process.platform !== "win32",
      windowsHide: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    const deadline = setTimeout(() => endGroup(child), timeoutMs ?? LOCAL_TIMEOUT_MS);
    child.on("error", (error) => {
      clearTimeout(deadline);
      reject(notStarted(error));
    });
    child.on("close", (code) => {
      clearTimeout(deadline);
      resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString("utf8") });
    });
    // A git that ends early closes its end of the pipe; its exit code says why.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input ?? "");
  });
}
