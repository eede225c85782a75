import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  copyOf,
  promotionProject,
  release,
  removeProjects,
  rolloutState,
  states,
  type PromotionProject,
} from "./promotion-project.ts";

const NEW = "Answer only from the context. Name the price.";

let fresh: PromotionProject;
let passed: PromotionProject;
beforeAll(async () => {
  fresh = await promotionProject();
  passed = copyOf(fresh);
  await passed.publish("1.1.0", NEW);
  await passed.gate();
});
afterAll(removeProjects);

async function opened(): Promise<PromotionProject> {
  return copyOf(fresh);
}

/** 1.1.0 is published and has passed the gate. */
async function gated(): Promise<PromotionProject> {
  return copyOf(passed);
}

describe("promote to production", () => {
  it("needs the finished rollout, and says where it is", async () => {
    const made = await gated();
    expect((await made.promote("1.1.0", "production")).exitCode).toBe(3);
    await rolloutState(made, "canary", "1.1.0");
    const waiting = await made.promote("1.1.0", "production");
    expect(waiting).toMatchObject({ exitCode: 5, document: { decision: "waiting" } });
    await rolloutState(made, "rolled-back", "1.1.0");
    expect((await made.promote("1.1.0", "production")).exitCode).toBe(1);
    await rolloutState(made, "completed", "1.1.0");
    expect((await made.promote("1.1.0", "production")).exitCode).toBe(0);
    expect(await made.labels()).toEqual({ production: "1.1.0", rollback: "1.0.0" });
  });

  it("lets the finished rollout stand in for a dataset that has grown meanwhile", async () => {
    const made = await gated();
    await rolloutState(made, "completed", "1.1.0");
    const file = "golden-datasets/greeter.jsonl";
    const cases = readFileSync(join(made.folder, file), "utf8");
    made.write(file, `${cases}${JSON.stringify({ id: "new", vars: { query: "x", context: "y" } })}\n`);
    const { exitCode, document } = await made.promote("1.1.0", "production");
    expect(exitCode).toBe(0);
    expect(states(document)).toMatchObject({ evidence: "note" });
  });

  it("goes the short way for a change whose policy has no canary, and takes the release document along", async () => {
    const made = await gated();
    made.configure("policies: { minor: { canary: false } }");
    await made.gate();
    await release(made, { stable: "1.0.0" });
    const { exitCode, document } = await made.promote("1.1.0", "production");
    expect(document.checks.filter(({ state }: { state: string }) => state !== "met")).toEqual([]);
    expect(exitCode).toBe(0);
    expect(await made.registry.readRelease("greeter")).toMatchObject({
      stable: "1.1.0",
      candidate: null,
      generation: 2,
    });
  });

  it("finishes a promotion that had died after the label", async () => {
    const made = await gated();
    made.configure("policies: { minor: { canary: false } }");
    await made.gate();
    await release(made, { stable: "1.0.0" });
    const move = {
      prompt: "greeter",
      label: "production",
      to: "1.1.0",
      expected: "1.0.0",
      by: "ana",
      reason: "x",
    };
    await made.registry.moveLabel(move);
    const { exitCode, document } = await made.promote("1.1.0", "production");
    expect(exitCode).toBe(0);
    expect(document.written).toContain("release document: everybody gets 1.1.0");
    expect(await made.registry.readRelease("greeter")).toMatchObject({ stable: "1.1.0" });
  });

  it("refuses what was taken back, although the rollout's state still says that it was completed", async () => {
    const made = await gated();
    await rolloutState(made, "completed", "1.1.0");
    expect((await made.promote("1.1.0", "production")).exitCode).toBe(0);
    await made.rollback();
    await rolloutState(made, "completed", "1.1.0");
    const { exitCode, document } = await made.promote("1.1.0", "production");
    expect(exitCode).toBe(1);
    expect(states(document)).toMatchObject({ rollout: "violated" });
  });

  it("refuses beside a canary of another version", async () => {
    const made = await gated();
    await made.store.write("rollout/greeter", "{ cut off", null);
    made.configure("policies: { minor: { canary: false } }");
    await made.publish("1.2.0", `${NEW} Be brief.`);
    await made.publish("1.1.0", NEW);
    await made.gate();
    await release(made, { stable: "1.0.0", candidate: { version: "1.2.0" } });
    const { exitCode, document } = await made.promote("1.1.0", "production");
    expect(exitCode).toBe(1);
    expect(states(document)).toMatchObject({ rollout: "violated" });
    expect(await made.registry.readRelease("greeter")).toMatchObject({ generation: 1 });
  });

  it("goes past everything by an override, and records that it was not gated", async () => {
    const made = await opened();
    await made.publish("1.1.0", NEW);
    const { exitCode, document } = await made.promote("1.1.0", "production", {
      override: true,
      reason: "1.0.0 leaks data",
    });
    expect(exitCode).toBe(0);
    expect(document.ungated).toHaveLength(2);
    expect(
      (await made.registry.history("greeter")).items.find(({ label }) => label === "production")?.reason,
    ).toBe("ungated: 1.0.0 leaks data");
    expect(await made.ledger()).toMatchObject([{ details: { gated: false, ungated: document.ungated } }]);
    await expect(made.promote("1.1.0", "production", { override: true })).rejects.toMatchObject({
      code: "USAGE",
    });
  });

  it("is lost by the slower ones of many, who are told so", async () => {
    const made = await gated();
    await made.publish("1.2.0", `${NEW} Be brief.`);
    const versions = Array.from({ length: 6 }, (_, index) => (index % 2 === 0 ? "1.1.0" : "1.2.0"));
    const results = await Promise.allSettled(versions.map((version) => made.promote(version, "own-label")));
    const lost = results.filter(({ status }) => status === "rejected");
    for (const each of lost) expect(each).toMatchObject({ reason: { code: "REGISTRY_CONFLICT" } });
    const { items } = await made.registry.history("greeter");
    const moves = items.filter(({ label }) => label === "own-label");
    expect(moves.length).toBeGreaterThan(0);
    expect(new Set((await made.ledger()).map(({ id }) => id)).size).toBeLessThanOrEqual(
      versions.length - lost.length,
    );
  });
});
