import { afterAll, describe, expect, it } from "vitest";
import { runRolloutFreeze } from "../../../src/entry/commands/rollout-freeze.ts";
import { runRolloutList } from "../../../src/entry/commands/rollout-list.ts";
import { runRolloutOrder, type OrderVerb } from "../../../src/entry/commands/rollout-order.ts";
import { refusal } from "../gate-checkout.ts";
import { removeRollouts, rolloutProject, SHORT, type RolloutProject } from "./rollout-project.ts";

afterAll(removeRollouts);

const common = { json: true, verbose: false };

const greeter = { file: "prompts/greeter.prompt.yml", dataset: "golden-datasets/greeter.jsonl" };
const twoPrompts = { greeter, helper: greeter };

async function staged(rollout = {}, config = {}): Promise<RolloutProject> {
  const made = await rolloutProject({ rollout, config });
  await made.start("1.1.0");
  await made.advance();
  return made;
}

async function inCanary(): Promise<RolloutProject> {
  const made = await staged();
  await made.serve(2);
  await made.advance();
  expect(await made.weight()).toBe(5000);
  return made;
}

async function order(made: RolloutProject, verb: OrderVerb, options: object = {}, user = "ana") {
  const context = { ...made.context, environment: { ...made.context.environment, USER: user } };
  const exitCode = await runRolloutOrder(context, {
    ...common,
    prompt: "greeter",
    verb,
    reason: "because",
    ...options,
  });
  return { exitCode, document: JSON.parse(made.output()) };
}

describe("pause and resume", () => {
  it("stop all raising and restart nothing", async () => {
    const made = await inCanary();
    expect((await order(made, "pause")).document).toMatchObject({ event: "paused", by: "ana" });
    await made.serve(2);
    expect((await made.advance()).document.decisions[0]).toMatchObject({ action: "hold", reason: "paused" });
    await order(made, "resume");
    await made.serve(2);
    await made.advance();
    expect(await made.weight()).toBe(25_000);
  });

  it("do not keep harm from ending the rollout", async () => {
    const made = await inCanary();
    await order(made, "pause");
    await made.serve(1, { quality: 0.4 });
    expect((await made.advance()).exitCode).toBe(1);
    expect(await made.weight()).toBe(0);
  });

  it("are refused, with what to do, where they have no meaning", async () => {
    const made = await inCanary();
    expect(await refusal(order(made, "resume"))).toMatchObject({ code: "USAGE" });
  });
});

describe("freeze", () => {
  it("holds every rollout until its end", async () => {
    const made = await inCanary();
    await made.serve(1);
    const until = new Date(made.context.clock.now() + 3 * 3_600_000).toISOString();
    const freeze = { ...common, frozen: true, reason: "sale", until };
    expect(await runRolloutFreeze(made.context, freeze)).toBe(0);
    await made.serve(1);
    expect((await made.advance()).document.decisions[0]).toMatchObject({ action: "hold", reason: "freeze" });
    await made.serve(2);
    await made.advance();
    expect(await made.weight()).toBe(25_000);
  });

  it("never keeps harm from ending a rollout", async () => {
    const made = await inCanary();
    await runRolloutFreeze(made.context, { ...common, frozen: true, reason: "sale" });
    await made.serve(1, { quality: 0.4 });
    expect((await made.advance()).exitCode).toBe(1);
    expect(await made.weight()).toBe(0);
  });

  it("ends when somebody says so", async () => {
    const made = await inCanary();
    await runRolloutFreeze(made.context, { ...common, frozen: true, reason: "sale" });
    await made.serve(2);
    await made.advance();
    expect(await made.weight()).toBe(5000);
    await runRolloutFreeze(made.context, { ...common, frozen: false });
    await made.advance();
    expect(await made.weight()).toBe(25_000);
  });

  it("is on where its document cannot be read", async () => {
    const made = await inCanary();
    await made.store.write("freeze", "{", null);
    await made.serve(2);
    expect((await made.advance()).document.decisions[0]).toMatchObject({ action: "hold", reason: "freeze" });
    expect(
      await refusal(runRolloutFreeze(made.context, { ...common, frozen: true, reason: "x" })),
    ).toMatchObject({
      code: "STORE_CORRUPT",
    });
  });
});

describe("approvals", () => {
  it("come last, and not from whoever started the rollout", async () => {
    const steps = SHORT.steps.map((step) => (step.name === "staging" ? { ...step, approval: 1 } : step));
    const made = await staged({ steps });
    expect(await refusal(order(made, "approve", {}, "ben"))).toMatchObject({ code: "USAGE" });
    await made.serve(2);
    expect((await made.advance()).document.decisions[0]).toMatchObject({ reason: "approval" });
    expect(await refusal(order(made, "approve"))).toMatchObject({ code: "USAGE" });
    await order(made, "approve", {}, "ben");
    await made.advance();
    expect(await made.weight()).toBe(5000);
  });
});

describe("overrides", () => {
  it("need a second person and are recorded as such", async () => {
    const made = await staged();
    expect(await refusal(order(made, "skip-step", { secondApprover: "ana" }))).toMatchObject({
      code: "USAGE",
    });
    const { document } = await order(made, "skip-step", { secondApprover: "ben" });
    expect(document).toMatchObject({ event: "skipped", step: "canary5", weight: 5000 });
    await order(made, "promote-full", { secondApprover: "ben" });
    expect(await made.state()).toMatchObject({ phase: "baking", overridden: true });
    const [entry] = (await made.store.ledger("greeter")).items;
    expect(entry?.details).toMatchObject({ overridden: true, secondApprover: "ben" });
  });
});

describe("abort, retry and adopt", () => {
  it("an aborted rollout leaves nobody with the candidate and may be retried", async () => {
    const made = await inCanary();
    await order(made, "abort");
    expect(await made.weight()).toBe(0);
    await order(made, "retry");
    await made.advance();
    expect(await made.state()).toMatchObject({ phase: "staging", attempt: 2, rolloutId: "greeter.r2" });
  });

  it("what was rolled back waits for its cool-down", async () => {
    const made = await inCanary();
    await made.serve(1, { quality: 0.4 });
    await made.advance();
    expect(await refusal(order(made, "retry"))).toMatchObject({ code: "USAGE" });
    made.wait(5);
    expect((await order(made, "retry")).document).toMatchObject({ event: "retried" });
  });

  it("adopts what production has by now as the control", async () => {
    const made = await inCanary();
    await made.publish("1.2.0");
    const move = { prompt: "greeter", label: "production", to: "1.2.0", expected: "1.0.0" };
    await made.registry.moveLabel({ ...move, by: "ana", reason: "by hand" });
    await order(made, "adopt");
    expect(await made.state()).toMatchObject({ stable: { version: "1.2.0" }, rolloutId: "greeter.r2" });
    expect(await made.registry.readRelease("greeter")).toMatchObject({ stable: "1.2.0" });
  });
});

describe("the queue", () => {
  it("keeps the newest candidate and starts it when the live one has ended", async () => {
    const made = await inCanary();
    await made.publish("1.2.0");
    await made.publish("1.3.0");
    await made.start("1.2.0");
    expect(await made.start("1.3.0")).toMatchObject({ decision: { event: "replaced-in-queue" } });
    await order(made, "abort");
    await made.advance();
    await made.advance();
    expect(await made.state()).toMatchObject({ phase: "staging", candidate: { version: "1.3.0" } });
    expect(await made.labels()).toMatchObject({ staging: "1.3.0", production: "1.0.0" });
  });

  it("is passed by a candidate that supersedes the live one", async () => {
    const made = await inCanary();
    await made.publish("1.2.0");
    await made.start("1.2.0", { supersede: true });
    expect(await made.weight()).toBe(0);
    await made.advance();
    await made.advance();
    expect(await made.state()).toMatchObject({
      phase: "staging",
      candidate: { version: "1.2.0" },
      stable: { version: "1.0.0" },
    });
  });
});

describe("prompts of one group", () => {
  it("take turns, and one that nobody can read counts as live", async () => {
    const made = await staged({}, { prompts: twoPrompts });
    await made.store.write("rollout/helper", "{", null);
    await made.serve(2);
    const { document } = await made.advance({ prompts: ["greeter"] });
    expect(document.decisions[0]).toMatchObject({ action: "hold", reason: "mutex" });
  });
});

describe("list", () => {
  it("shows every rollout in one line and says when one cannot be read", async () => {
    const made = await inCanary();
    expect(await runRolloutList(made.context, { ...common, json: false })).toBe(0);
    expect(made.output()).toMatch(/greeter +canary +1\.0\.0 -> 1\.1\.0 +canary5 5%/);
    await made.store.write("rollout/broken", "{", null);
    expect(await runRolloutList(made.context, common)).toBe(4);
    expect(JSON.parse(made.output()).rollouts).toMatchObject([
      { prompt: "broken", error: "not JSON" },
      { prompt: "greeter", phase: "canary", weight: 5000 },
    ]);
  });
});
