import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { GitRun } from "./run-git.ts";

/** A remote's address without the name and password in it. */
export function withoutCredentials(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^/@\s'"]*@/gi, "$1");
}

/** What git itself and the server said, without traces and progress, on one line. */
function saidBy({ stderr }: GitRun): string {
  const lines = stderr
    .split(/[\r\n]+/)
    .filter((line) => /^(?:fatal|error|remote|ssh|git|Host key)\b/.test(line));
  const said = lines.length > 0 ? lines : stderr.trim().split("\n").slice(-1);
  return visibleLine(withoutCredentials(said.join("; ")), 500);
}

const AUTHENTICATION =
  /Authentication failed|could not read (?:Username|Password)|terminal prompts disabled|Permission denied \(|Permission to .* denied|Invalid username or (?:password|token)|Host key verification failed|returned error: 40[13]|HTTP Basic: Access denied|Repository not found|not allowed to push|insufficient permission|Write access to repository not granted/i;
const STORAGE =
  /No space left on device|Read-only file system|Disk quota exceeded|unable to (?:create|write)|cannot lock ref|insufficient permission for adding an object|dubious ownership|Unable to create .*\.lock/i;

/** Where the disk of this machine is at fault, told apart from the server's by git's prefix `remote:`. */
function isLocalStorage(stderr: string): boolean {
  return stderr.split("\n").some((line) => !line.startsWith("remote:") && STORAGE.test(line));
}

export function storageFailure(run: GitRun, what: string): GateError {
  return new GateError("STORAGE_FAILED", `git cannot ${what}: ${saidBy(run)}`, {
    hint: "check the disk and the permissions of the repository, then run the same command again",
  });
}

/** A failed fetch or push of `remote`, by cause. */
export function remoteFailure(run: GitRun, what: string, remote: string): GateError {
  const where = `git cannot ${what} ${visibleLine(withoutCredentials(remote))}`;
  if (run.code === null) {
    return new GateError("TIMEOUT", `${where}: no answer within the deadline`, {
      hint: "check the network and the remote, then run the same command again",
      retryable: true,
    });
  }
  if (isLocalStorage(run.stderr)) return storageFailure(run, what);
  if (AUTHENTICATION.test(run.stderr)) {
    return new GateError("AUTHENTICATION", `${where}: ${saidBy(run)}`, {
      hint: "check the credentials that git uses here, and that they may read and write this repository (in GitHub Actions: permissions: contents: write)",
    });
  }
  return new GateError("NETWORK", `${where}: ${saidBy(run)}`, {
    hint: "check the remote's address and the network, then run the same command again",
    retryable: true,
  });
}

/** The server took the push apart and refused: a rule of the branch, not a race. */
export function refusedPush(run: GitRun, branch: string, reason: string): GateError {
  const said = /^(?:remote|error): /m.test(run.stderr) ? `: ${saidBy(run)}` : "";
  const shown = `the remote refuses a push to ${visibleLine(branch)}: ${visibleLine(reason)}${said}`;
  return new GateError("AUTHENTICATION", shown, {
    hint: "let these credentials push to this branch: leave it out of branch protection and rulesets, or name another branch",
  });
}
