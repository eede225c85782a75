import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runRolloutStart, type RolloutStartOptions } from "../../../src/entry/commands/rollout-start.ts";
import { refusal } from "../gate-checkout.ts";
import {
  copyOf,
  promotionProject,
  removeProjects,
  type PromotionProject,
} from "../promotion/promotion-project.ts";

const NEW = "Answer only from the context. Name the price.";

let passed: PromotionProject;
beforeAll(async () => {
  passed = await promotionProject();
  await passed.publish("1.1.0", NEW);
  if ((await passed.gate()) !== 0) throw new Error("the gate did not pass");
});
afterAll(removeProjects);

async function start(made: PromotionProject, version: string, options: Partial<RolloutStartOptions> = {}) {
  let printed = "";
  const context = { ...made.context, print: (text: string) => void (printed = text) };
  const exitCode = await runRolloutStart(context, {
    json: true,
    verbose: false,
    supersede: false,
    version: `greeter@${version}`,
    ...options,
  });
  return { exitCode, document: JSON.parse(printed) };
}

describe("rollout start", () => {
  it("puts a version with evidence into staging and keeps the evidence", async () => {
    const made = copyOf(passed);
    const { exitCode, document } = await start(made, "1.1.0", { reason: "shorter answers" });
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({
      decision: "allowed",
      decisions: [{ event: "queued" }, { event: "staged", phase: "staging", weight: 0 }],
    });
    expect(await made.labels()).toEqual({ production: "1.0.0", staging: "1.1.0" });
    expect(await made.store.attestations(document.digest)).toHaveLength(1);
    expect(await made.registry.readRelease("greeter")).toBeNull();
    expect(await refusal(start(made, "1.1.0"))).toMatchObject({ code: "USAGE" });
  });

  it("starts nothing without evidence of exactly this digest", async () => {
    const made = copyOf(passed);
    await made.publish("1.2.0", `${NEW} Be kind.`);
    const { exitCode, document } = await start(made, "1.2.0");
    expect(exitCode).toBe(3);
    expect(document).toMatchObject({ decision: "unproven", decisions: [] });
    expect(await made.store.keys("rollout/")).toEqual([]);
  });

  it("waits with exit code 5 where the policy asks for a sign-off that nobody gave", async () => {
    const made = copyOf(passed);
    const key = await made.newKey("ben.key");
    made.configure(
      `policies: { minor: { approvals: 1 } }\napprovers: [{ name: Ben, email: ben@example.com, key: ${key} }]`,
    );
    expect(await made.gate()).toBe(0);
    const waiting = await start(made, "1.1.0");
    expect(waiting.exitCode).toBe(5);
    expect(await made.store.keys("rollout/")).toEqual([]);
    expect(await made.approve("1.1.0", "ben.key")).toMatchObject({ exitCode: 0 });
    expect((await start(made, "1.1.0")).exitCode).toBe(0);
  });

  it("refuses with exit code 1 a version that was taken back", async () => {
    const made = copyOf(passed);
    await made.store.append({
      schema: "promptgate/ledger-entry@1",
      id: "a".repeat(64),
      prompt: "greeter",
      kind: "rolled-back",
      at: new Date(made.context.clock.now()).toISOString(),
      by: "ana",
      reason: "harm",
      version: "1.1.0",
      digest: null,
      details: {},
    });
    const { exitCode, document } = await start(made, "1.1.0");
    expect(exitCode).toBe(1);
    expect(document).toMatchObject({ decision: "refused", decisions: [] });
  });

  it("overwrites no state that cannot be read, and says what to do", async () => {
    const made = copyOf(passed);
    await made.store.write("rollout/greeter", "{", null);
    expect(await refusal(start(made, "1.1.0"))).toMatchObject({ code: "STORE_CORRUPT" });
    expect((await made.store.read("rollout/greeter"))?.text).toBe("{");
  });
});
