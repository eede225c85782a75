import { renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileSource, httpSource } from "../../src/client/adapters.ts";
import type { Model } from "../../src/domain/model.ts";
import { embeddedModel } from "../../src/models/embedded/index.ts";
import { fileServer, type FileServer } from "../client/file-server.ts";
import {
  atEnd,
  chatProject,
  copyOf,
  createLoad,
  endAll,
  TTL_MS,
  type Chat,
  type ChatProject,
  type Load,
  type Tally,
} from "./chat-service-project.ts";

const USERS = 12_000;

let base: ChatProject;
beforeAll(async () => {
  base = await chatProject();
}, 300_000);
afterAll(endAll);

/** The example, the chat on two machines, and its customers. */
interface Scene {
  readonly project: ChatProject;
  readonly chats: readonly Chat[];
  readonly load: Load;
  readonly web: FileServer;
}

/** One machine reads the registry's folder, the other one the same folder through a web server. */
async function aScene(): Promise<Scene> {
  const project = copyOf(base);
  const web = await fileServer(join(project.folder, ".promptgate"));
  atEnd(web.close);
  const chats = [await project.serve(fileSource(project.registry)), await project.serve(httpSource(web.url))];
  return { project, chats, web, load: createLoad({ urls: chats.map(({ url }) => url), users: USERS }) };
}

interface Bucket {
  readonly tally: Tally;
  readonly exitCode: number;
  readonly decision: { readonly event: string };
}

/** Customers, or staff, of the next bucket of time, and what the rollout makes of them at its end. */
async function aBucket(
  { project, chats, load }: Pick<Scene, "project" | "chats" | "load">,
  count: number,
  label?: string,
): Promise<Bucket> {
  project.nextBucket();
  for (const chat of chats) await chat.refresh(label);
  const tally = await load.send(count, label);
  project.nextBucket();
  // Customers do not wait while a decision is made and written.
  const [meanwhile, { exitCode, document }] = await Promise.all([load.send(40), project.advance()]);
  expect(meanwhile.failed).toEqual([]);
  return { tally, exitCode, decision: document.decisions[0] };
}

/** Starts a version, has staff try it, and takes it to the first step with customers. */
async function toCanary(scene: Scene, version: string): Promise<void> {
  expect(await scene.project.start(version)).toMatchObject({ exitCode: 0 });
  const { tally, decision } = await aBucket(scene, 110, "staging");
  expect(tally).toMatchObject({ failed: [], versions: { [version]: 110 } });
  expect(decision).toMatchObject({ event: "advanced", step: "canary5", weight: 5_000 });
}

/** How many of those who asked got a version, and between which numbers that should be at this weight. */
function exposure(
  { users }: Tally,
  version: string,
  weight: number,
): { count: number; low: number; high: number } {
  const share = weight / 100_000;
  // Four and a half standard deviations: of 100,000 salts one would miss them.
  const slack = 4.5 * Math.sqrt(users.size * share * (1 - share));
  const count = [...users.values()].filter((served) => served === version).length;
  return { count, low: users.size * share - slack, high: users.size * share + slack };
}

/** Every step of a good version, with its share of the customers in each; nobody goes back to the version before. */
async function riseToEverybody(scene: Scene): Promise<void> {
  const steps = [
    { weight: 5_000, count: 1300, event: "held", step: "canary5" },
    { weight: 5_000, count: 1700, event: "advanced", step: "canary25" },
    { weight: 25_000, count: 700, event: "advanced", step: "canary50" },
    { weight: 50_000, count: 500, event: "advanced", step: "full" },
    { weight: 95_000, count: 2600, event: "completed", step: "full" },
  ];
  for (const { weight, count, ...decision } of steps) {
    const seen = await aBucket(scene, count);
    expect(seen).toMatchObject({ exitCode: 0, tally: { failed: [] }, decision });
    // Both machines give a customer the same version, and whoever was moved got the new one.
    expect(seen.tally.moved.filter(({ to }) => to !== "1.1.0")).toEqual([]);
    const { count: exposed, low, high } = exposure(seen.tally, "1.1.0", weight);
    expect(exposed).toBeGreaterThan(low);
    expect(exposed).toBeLessThan(high);
  }
  const { document } = await scene.project.get();
  expect(document).toMatchObject({
    phase: "completed",
    release: { stable: "1.1.0", candidate: null, holdback: null },
  });
}

async function everybodyGets(version: string, { project, chats, load }: Scene): Promise<void> {
  project.time.now += TTL_MS;
  for (const chat of chats) await chat.refresh();
  expect(await load.send(200)).toMatchObject({ failed: [], versions: { [version]: 200 } });
}

describe("the chat service during a rollout", () => {
  it("takes a good version to everybody, and the next one back when customers get worse answers", async () => {
    const scene = await aScene();
    const { project, chats, web } = scene;
    await toCanary(scene, "1.1.0");
    await riseToEverybody(scene);
    await everybodyGets("1.1.0", scene);

    // Its gate passes: the dataset has no question that the help pages leave open.
    expect(await project.publish("1.2.0")).toBe(0);
    await toCanary(scene, "1.2.0");
    let seen = await aBucket(scene, 1300);
    // It takes 100 customers of either version until a difference is proven.
    for (let more = 0; more < 4 && seen.decision.event === "held"; more++) seen = await aBucket(scene, 1000);
    expect(seen).toMatchObject({
      tally: { failed: [] },
      exitCode: 1,
      decision: { action: "rollback", event: "rolled-back", reason: "harm(quality)", weight: 0 },
    });
    await everybodyGets("1.1.0", scene);
    // Nobody starts it again by mistake.
    expect(await project.start("1.2.0")).toMatchObject({ exitCode: 1, document: { decision: "refused" } });
    expect(chats.flatMap(({ problems }) => problems)).toEqual([]);
    // What had not changed was not sent again.
    expect(web.requests).toContain("/registry/help-chat/release.json 304");
  }, 600_000);

  it("stops a version that throws before a customer gets it", async () => {
    const project = copyOf(base);
    const embedded = embeddedModel({ model: "embedded-1" });
    const model: Model = {
      ...embedded,
      async complete(request, signal) {
        if (request.messages[0]?.content.includes("two sentences")) throw new Error("no such parameter");
        return embedded.complete(request, signal);
      },
    };
    const chat = await project.serve(fileSource(project.registry), { model });
    const load = createLoad({ urls: [chat.url], users: USERS });
    await project.start("1.1.0");
    const staff = await aBucket({ project, chats: [chat], load }, 110, "staging");
    expect(staff.tally.failed).toHaveLength(110);
    expect(staff).toMatchObject({ exitCode: 1, decision: { event: "aborted", reason: "harm(error_rate)" } });
    expect(await load.send(50)).toMatchObject({ failed: [], versions: { "1.0.0": 50 } });
  }, 120_000);
});

/** Two chats while 1.1.0 is served to 5 % of the customers, and one of these. */
async function inCanary(): Promise<Scene & { readonly tester: string }> {
  const scene = await aScene();
  const { chats, load } = scene;
  await toCanary(scene, "1.1.0");
  scene.project.time.now += TTL_MS;
  for (const chat of chats) await chat.refresh();
  const { users } = await load.send(200);
  const [tester] = [...users].find(([, version]) => version === "1.1.0") ?? [];
  if (tester === undefined) throw new Error("nobody got 1.1.0");
  return { ...scene, tester };
}

describe("the chat service in an emergency", () => {
  it("has everybody back a TTL and one request after a rollback by hand, and fails nobody meanwhile", async () => {
    const { project, chats, load, tester } = await inCanary();
    const [meanwhile, { exitCode }] = await Promise.all([
      load.send(300),
      project.rollback("answers are too short"),
    ]);
    expect(exitCode).toBe(0);
    expect(meanwhile.failed).toEqual([]);
    project.time.now += TTL_MS;
    for (const chat of chats) {
      // This one may get what is in memory still, and has it renewed.
      await chat.ask(tester);
      await chat.refresh();
      expect(await chat.ask(tester)).toMatchObject({ version: "1.0.0", reason: "stable" });
    }
    expect(await load.send(300)).toMatchObject({ failed: [], versions: { "1.0.0": 300 } });
    expect((await project.get()).document).toMatchObject({ phase: "rolled-back", actualWeight: 0 });
  }, 120_000);

  it("serves the stable version to everybody where PROMPTGATE_ROLLOUT is set", async () => {
    const { project, chats, tester } = await inCanary();
    const killed = await project.serve(fileSource(project.registry), {
      environment: { PROMPTGATE_ROLLOUT: "stable" },
    });
    expect(await killed.ask(tester)).toMatchObject({ version: "1.0.0", reason: "kill-switch" });
    expect(await chats[0]?.ask(tester)).toMatchObject({ version: "1.1.0", reason: "canary" });
  }, 120_000);

  it.each([
    ["gone", (registry: string) => renameSync(registry, `${registry}.away`)],
    [
      "a link that leads nowhere but to itself",
      (registry: string) => {
        renameSync(registry, `${registry}.away`);
        symlinkSync(registry, registry);
      },
    ],
  ])(
    "goes on with what it knows while the registry's folder is %s",
    async (_, take) => {
      const { project, chats, load } = await inCanary();
      take(project.registry);
      for (let look = 0; look < 3; look++) {
        project.time.now += 60_000;
        const tally = await load.send(150);
        expect(tally).toMatchObject({ failed: [], moved: [] });
        expect(tally.versions["1.1.0"]).toBeGreaterThan(0);
      }
      for (const { problems } of chats) expect(problems).not.toEqual([]);
      expect((await chats[0]?.health())?.freshness).toBe("stale");
      rmSync(project.registry, { force: true });
      renameSync(`${project.registry}.away`, project.registry);
      project.time.now += 60_000;
      for (const chat of chats) await chat.refresh();
      expect(await load.send(100)).toMatchObject({ failed: [], moved: [] });
    },
    120_000,
  );

  it("answers with its built-in prompt when it starts without a registry, and finds the registry later", async () => {
    const project = copyOf(base);
    renameSync(project.registry, `${project.registry}.away`);
    const chat = await project.serve(fileSource(project.registry));
    expect(await chat.ask("user-1")).toMatchObject({ version: "built-in", reason: "fallback" });
    renameSync(`${project.registry}.away`, project.registry);
    project.time.now += TTL_MS;
    await chat.refresh();
    expect(await chat.ask("user-1")).toMatchObject({ version: "1.0.0" });
  }, 120_000);

  it.each([
    ["no JSON", "{"],
    ["no user", '{"question":"Hello?"}'],
    ["a user that is no text", '{"user":{"$gt":""},"question":"Hello?"}'],
    ["more than it reads", JSON.stringify({ user: "u", question: "x".repeat(20_000) })],
    ["null", "null"],
  ])("refuses a question that is %s", async (_, body) => {
    const chat = await base.serve(fileSource(base.registry));
    const response = await fetch(`${chat.url}/chat`, { method: "POST", body });
    expect(response.status).toBe(400);
  });
});
