import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GateError } from "../../src/domain/errors.ts";
import { branchTree } from "../../src/files/git/branch-tree.ts";
import { gitBranch } from "../../src/files/git/branch.ts";
import type { FileTree } from "../../src/files/tree.ts";
import { bareEnvironment, git, gitRemote, type GitRemote } from "./git-remote.ts";

let remote: GitRemote;

beforeEach(async () => {
  remote = await gitRemote();
});
afterEach(async () => remote.remove());

function tree(address = "origin"): FileTree {
  const clock = { now: () => Date.UTC(2026, 10, 20, 10) };
  const settings = { root: remote.clone, branch: "promptgate-state", path: "", environment: bareEnvironment };
  return branchTree(gitBranch({ ...settings, clock, remote: address }));
}

async function failure(work: Promise<unknown>): Promise<GateError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(GateError);
  return error as GateError;
}

describe("credentials", () => {
  let server: Server;
  let requests: IncomingHttpHeaders[];
  let address: string;

  beforeEach(async () => {
    requests = [];
    server = createServer((request, response) => {
      requests.push(request.headers);
      response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.git`;
  });
  afterEach(() => server.close());

  it("are those that the user's repository is set up with, sent once", async () => {
    git(remote.clone, "remote", "set-url", "origin", address);
    git(remote.clone, "config", `http.${address}.extraHeader`, "Authorization: Basic c2VjcmV0");
    const error = await failure(tree().read("one"));
    expect(error).toMatchObject({ code: "AUTHENTICATION" });
    expect(requests[0]?.authorization).toBe("Basic c2VjcmV0");
    expect(error.message + error.hint).not.toContain("c2VjcmV0");
  });

  it("are refused without asking at a terminal", async () => {
    const error = await failure(tree(address).read("one"));
    expect(error).toMatchObject({ code: "AUTHENTICATION", hint: expect.stringContaining("contents: write") });
  });

  it("in an address are never shown", async () => {
    git(remote.clone, "remote", "set-url", "origin", address.replace("http://", "http://ada:hunter2@"));
    const error = await failure(tree().read("one"));
    expect(error).toMatchObject({ code: "AUTHENTICATION" });
    expect(`${error.message} ${error.hint}`).not.toMatch(/hunter2|ada/);
    const dead = await failure(tree("http://ada:hunter2@127.0.0.1:9/x.git").read("one"));
    expect(`${dead.message} ${dead.hint}`).not.toMatch(/hunter2|ada/);
  });
});
