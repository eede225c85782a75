import { createHash, randomBytes } from "node:crypto";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import { storageError, systemCode } from "../storage.ts";
import { storageFailure, withoutCredentials } from "./git-failure.ts";
import { runGit, type Environment, type GitRun } from "./run-git.ts";

/** Which branch of which repository. */
export interface BranchAddress {
  /** Absolute path of the project. */
  readonly root: string;
  /** The name of a remote of the project's repository, a URL, or a path relative to the project. */
  readonly remote: string;
  readonly branch: string;
  readonly environment: Environment;
}

/** A bare repository of our own, so that the user's index, HEAD, refs and shallow boundary are never touched. */
export interface OwnRepository {
  readonly directory: string;
  readonly fetchUrl: string;
  readonly pushUrl: string;
  git(args: readonly string[], options?: { input?: string; timeoutMs?: number }): Promise<GitRun>;
}

export interface Opened<Prepared> {
  readonly repository: OwnRepository;
  /** What `prepare` gave, when it was this call that made the repository. */
  readonly prepared?: Prepared;
}

/** Settings of the user's repository that reaching its remote needs, among them where CI keeps its token. */
const PASSED_ON = /^(?:http|credential|url|ssh|protocol)\.|^core\.(?:sshcommand|gitproxy|askpass)$/;

/** No hooks of the user, no collection in the background that outlives us, nothing that runs commands by address. */
const SETTINGS = [
  "core.hooksPath=/dev/null",
  "gc.autoDetach=false",
  "maintenance.autoDetach=false",
  "protocol.ext.allow=never",
];

function lineOf({ stdout }: GitRun): string {
  return stdout.toString("utf8").replace(/\n$/, "");
}

async function userDirectory({ root, environment }: BranchAddress): Promise<string | null> {
  const run = await runGit({ args: ["rev-parse", "--git-common-dir"], cwd: root, environment });
  if (run.code === 0) return resolve(root, lineOf(run));
  if (/not a git repository/.test(run.stderr)) return null;
  throw storageFailure(run, "read the project's repository");
}

/** The user's settings as variables: never arguments, which every process of the machine can read. */
async function passedOn({ root, environment }: BranchAddress): Promise<Environment> {
  const run = await runGit({
    args: ["config", "--local", "--includes", "-z", "--list"],
    cwd: root,
    environment,
  });
  if (run.code !== 0) throw storageFailure(run, "read the settings of the project's repository");
  const settings = run.stdout
    .toString("utf8")
    .split("\0")
    .filter((setting) => PASSED_ON.test(setting));
  const first = Number(environment["GIT_CONFIG_COUNT"] ?? 0);
  const variables = settings.flatMap((setting, index) => {
    const end = setting.indexOf("\n");
    const [key, value] = end < 0 ? [setting, "true"] : [setting.slice(0, end), setting.slice(end + 1)];
    return [
      [`GIT_CONFIG_KEY_${first + index}`, key],
      [`GIT_CONFIG_VALUE_${first + index}`, value],
    ];
  });
  return {
    ...environment,
    ...Object.fromEntries(variables),
    GIT_CONFIG_COUNT: String(first + settings.length),
  };
}

/** A URL or `host:path` stays; a path is relative to `base`. */
function absoluteAddress(address: string, base: string): string {
  const isLocal = !/^[a-z][a-z0-9+.-]*:/i.test(address) && !/^[^/]+:/.test(address);
  return isLocal || /^[a-z]:[\\/]/i.test(address) ? resolve(base, address) : address;
}

async function urls(
  address: BranchAddress,
  inRepository: boolean,
): Promise<{ fetchUrl: string; pushUrl: string }> {
  const { root, remote, environment } = address;
  const named = async (...flags: string[]): Promise<string | null> => {
    const args = ["remote", "get-url", ...flags, "--", remote];
    const run = inRepository ? await runGit({ args, cwd: root, environment }) : null;
    return run?.code === 0 ? absoluteAddress(lineOf(run), root) : null;
  };
  const fetchUrl = await named();
  if (fetchUrl !== null) return { fetchUrl, pushUrl: (await named("--push")) ?? fetchUrl };
  const url = absoluteAddress(remote, root);
  if (/^[\w.-]+$/.test(remote) && (await stat(url).catch(() => null)) === null) {
    throw new GateError("CONFIG_INVALID", `there is no git remote ${visibleLine(remote)}`, {
      hint: "name a remote of this repository (git remote -v), a URL or a path",
    });
  }
  return { fetchUrl: url, pushUrl: url };
}

/** Makes a folder that appears whole; nothing was prepared when another process was first, whose folder is as good. */
async function create<Prepared>(
  directory: string,
  prepare: (partial: string) => Promise<Prepared>,
): Promise<{ readonly prepared?: Prepared }> {
  const partial = join(dirname(directory), `.${randomBytes(8).toString("hex")}.partial`);
  try {
    await mkdir(partial, { recursive: true });
    const prepared = await prepare(partial);
    await rename(partial, directory);
    return { prepared };
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    if (["ENOTEMPTY", "EEXIST"].includes(systemCode(error))) return {};
    throw error instanceof GateError ? error : storageError("write", directory, error);
  }
}

async function isThere(directory: string): Promise<boolean> {
  return (await stat(directory).catch(() => null)) !== null;
}

/**
 * Opens the repository that stands between us and the remote, made at the first use: inside the project's `.git`, else in
 * `.promptgate/git`. `prepare` fills a new one before anybody sees it. It holds nothing that the remote does not.
 */
export async function openRepository<Prepared>(
  address: BranchAddress,
  prepare: (repository: OwnRepository) => Promise<Prepared>,
): Promise<Opened<Prepared>> {
  const user = await userDirectory(address);
  const environment = user === null ? address.environment : await passedOn(address);
  const { fetchUrl, pushUrl } = await urls(address, user !== null);
  const name = createHash("sha256")
    .update(JSON.stringify([fetchUrl, address.branch]))
    .digest("hex")
    .slice(0, 16);
  const home = user === null ? join(address.root, ".promptgate", "git") : join(user, "promptgate");
  const at = (directory: string): OwnRepository => ({
    directory,
    fetchUrl,
    pushUrl,
    async git(args, options = {}) {
      const settings = SETTINGS.flatMap((setting) => ["-c", setting]);
      return runGit({
        args: [...settings, `--git-dir=${directory}`, ...args],
        cwd: address.root,
        environment,
        ...options,
      });
    },
  });
  const repository = at(join(home, `${name}.git`));
  if (await isThere(repository.directory)) return { repository };
  const prepared = await create(repository.directory, async (partial) => {
    const fresh = at(partial);
    const run = await fresh.git(["init", "--quiet", "--bare", "--template="]);
    if (run.code !== 0) throw storageFailure(run, `prepare ${withoutCredentials(fetchUrl)}`);
    return prepare(fresh);
  });
  return { repository, ...prepared };
}
