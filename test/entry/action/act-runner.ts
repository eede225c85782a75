import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { LoopbackGitHub } from "../../loopback/github.ts";
import { actionBundle } from "../action-checkout.ts";

/** act reads workflows as GitHub does and runs their jobs on this machine. */
export const hasAct = spawnSync("act", ["--version"]).status === 0;

const STAND_INS = ["checkout", "upload-artifact", "download-artifact"];

export interface WorkflowRun {
  readonly exitCode: number | null;
  readonly log: string;
  /** Job -> `success` or `failure`; a job that was skipped is not there. */
  readonly jobs: Readonly<Record<string, string>>;
  /** `job/step` -> its outputs. Steps without an id are numbered from 0. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

interface WorkflowStart {
  /** A file in the author's clone. */
  readonly workflow: string;
  readonly event: "pull_request" | "schedule" | "workflow_dispatch";
  readonly payload: Readonly<Record<string, unknown>>;
  /** The commit that the run is of. */
  readonly commit: string;
}

/** A machine that runs the workflows of one repository `o/r`. */
export interface WorkflowRunner {
  run(start: WorkflowStart): Promise<WorkflowRun>;
  remove(): void;
}

interface Place {
  readonly github: LoopbackGitHub;
  /** The author's clone, where the workflow files lie. */
  readonly folder: string;
  /** The bare repository that plays GitHub's. */
  readonly server: string;
}

interface Line {
  readonly command?: string;
  readonly name?: string;
  readonly arg?: string;
  readonly jobID?: string;
  readonly stepID?: readonly string[];
  readonly jobResult?: string;
  readonly msg?: string;
}

function readLog(log: string): Pick<WorkflowRun, "jobs" | "outputs"> {
  const jobs: Record<string, string> = {};
  const outputs: Record<string, Record<string, string>> = {};
  for (const text of log.split("\n").filter((line) => line.startsWith("{"))) {
    const line = JSON.parse(text) as Line;
    if (line.jobID !== undefined && line.jobResult !== undefined) jobs[line.jobID] = line.jobResult;
    if (line.command === "set-output" && line.name !== undefined) {
      const step = `${line.jobID}/${line.stepID?.join("/")}`;
      (outputs[step] ??= {})[line.name] = line.arg ?? "";
    }
  }
  return { jobs, outputs };
}

/** What `uses:` of the workflows means: the action as it ships, and stand-ins for GitHub's own. */
function repositories(action: string): string[] {
  const workflows = "templates/init/.github/workflows";
  const text = readdirSync(workflows)
    .map((name) => readFileSync(join(workflows, name), "utf8"))
    .join("\n");
  const used = new Set(Array.from(text.matchAll(/uses: (actions\/[\w-]+@\w+)/g), ([, name = ""]) => name));
  const own = [...used].map((name) => {
    const standIn = STAND_INS.find((each) => name.startsWith(`actions/${each}@`));
    if (standIn === undefined) throw new Error(`nothing stands in for ${name}`);
    return `${name}=${resolve("test/loopback/actions", standIn)}`;
  });
  return [`OWNER/promptgate@v1=${action}`, ...own].flatMap((each) => ["--local-repository", each]);
}

/** Lays the action out as its repository has it. */
async function layAction(folder: string): Promise<string> {
  for (const name of ["", "promote", "advance", "rollback"]) {
    mkdirSync(join(folder, name), { recursive: true });
    cpSync(join(name, "action.yml"), join(folder, name, "action.yml"));
  }
  cpSync(dirname(await actionBundle()), join(folder, "dist"), { recursive: true });
  return folder;
}

function pairs(option: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [option, `${name}=${value}`]);
}

export async function workflowRunner({ github, folder, server }: Place): Promise<WorkflowRunner> {
  const root = mkdtempSync(join(tmpdir(), "promptgate-act-"));
  const action = await layAction(join(root, "action"));
  const file = (name: string, text: string): string => {
    writeFileSync(join(root, name), text);
    return join(root, name);
  };
  const gitConfig = file(
    "gitconfig",
    `[url "file://${server}"]\n\tinsteadOf = https://github.com/o/r\n[init]\n\tdefaultBranch = main\n`,
  );
  const artifacts = join(root, "artifacts");
  mkdirSync(artifacts);

  async function run({ workflow, event, payload, commit }: WorkflowStart): Promise<WorkflowRun> {
    const settings = {
      GITHUB_API_URL: github.url,
      GITHUB_REPOSITORY: "o/r",
      GITHUB_RUN_ID: "77",
      SHA_REF: commit,
    };
    const options = {
      "--workflows": workflow,
      "--eventpath": file("event.json", JSON.stringify(payload)),
      "--platform": "ubuntu-latest=-self-hosted",
      "--actor": "starter",
      "--action-cache-path": join(root, "cache"),
      // Nothing that lies about on this machine.
      "--env-file": "/dev/null",
      "--secret-file": "/dev/null",
      "--var-file": "/dev/null",
    };
    const args = [
      event,
      "--json",
      "--no-cache-server",
      "--no-skip-checkout",
      ...Object.entries(options).flat(),
      ...pairs("--env", settings),
      ...pairs("--secret", { GITHUB_TOKEN: "ghs_token_of_this_job", OPENAI_API_KEY: "sk-key-of-this-test" }),
      ...repositories(action),
    ];
    const environment = {
      PATH: process.env["PATH"],
      HOME: root,
      GIT_CONFIG_GLOBAL: gitConfig,
      GIT_CONFIG_NOSYSTEM: "1",
      PROMPTGATE_TEST_ARTIFACTS: artifacts,
    };
    const child = spawn("act", args, { cwd: folder, env: environment });
    let log = "";
    child.stdout.on("data", (chunk: Buffer) => (log += chunk.toString("utf8")));
    child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString("utf8")));
    const exitCode = await new Promise<number | null>((done) => child.on("close", done));
    return { exitCode, log, ...readLog(log) };
  }

  return { run, remove: () => rmSync(root, { recursive: true, force: true }) };
}
