import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { GateError } from "../../../src/domain/errors.ts";
import type { Registry } from "../../../src/domain/registry.ts";
import { rolloutKey, type Store } from "../../../src/domain/store.ts";
import { advancePrompt } from "../../../src/entry/rollout/advance-prompt.ts";
import type { RolloutScope } from "../../../src/entry/rollout/scope.ts";
import { removeRollouts, rolloutProject, type RolloutProject } from "./rollout-project.ts";

afterAll(removeRollouts);

const look = { by: "scheduler", dryRun: false };

/** Two hours in a step, and the look that leaves it. */
async function passStep(made: RolloutProject, candidate = {}): Promise<void> {
  await made.serve(2, candidate);
  await made.advance();
}

/** A rollout whose candidate 5 % of the people have. */
async function inCanary(): Promise<RolloutProject> {
  const made = await rolloutProject();
  await made.start("1.1.0");
  await made.advance();
  await passStep(made);
  expect(await made.weight()).toBe(5000);
  return made;
}

/** The places of a process that dies at its n-th write: that one is not made. */
function dying(scope: RolloutScope, writes: number): RolloutScope {
  let left = writes;
  const dieAt = <Args extends unknown[], Result>(write: (...args: Args) => Promise<Result>) => {
    return async (...args: Args): Promise<Result> => {
      left -= 1;
      if (left < 0) throw new GateError("STORAGE_FAILED", "killed");
      return write(...args);
    };
  };
  return {
    ...scope,
    open() {
      const { registry, store } = scope.open();
      const dyingRegistry: Registry = {
        ...registry,
        writeRelease: dieAt(registry.writeRelease),
        moveLabel: dieAt(registry.moveLabel),
      };
      const dyingStore: Store = { ...store, write: dieAt(store.write), append: dieAt(store.append) };
      return { registry: dyingRegistry, store: dyingStore };
    },
  };
}

describe("a look that is cut off between two writes", () => {
  it.each([0, 1, 2, 3])("while raising, after %i writes, is finished by the next ones", async (writes) => {
    const made = await inCanary();
    await made.serve(2);
    const before = await made.weight();
    const tick = await advancePrompt(dying(await made.scope(), writes), "greeter", look);
    expect(tick).toMatchObject({ kind: "decided", exitCode: 4 });
    expect([before, 25_000]).toContain(await made.weight());
    await made.advance();
    expect(await made.weight()).toBe(25_000);
    const kinds = (await made.store.ledger("greeter")).items.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "advanced")).toHaveLength(2);
  });

  it.each([0, 1, 2, 3])("while lowering, after %i writes, is finished by the next one", async (writes) => {
    const made = await inCanary();
    await made.serve(2, { quality: 0.5 });
    const tick = await advancePrompt(dying(await made.scope(), writes), "greeter", look);
    expect(tick.exitCode).toBe(writes < 4 ? 4 : 1);
    expect(await made.weight()).toBe(writes > 0 ? 0 : 5000);
    await made.advance();
    expect(await made.weight()).toBe(0);
    expect(await made.state()).toMatchObject({ phase: "rolled-back", outcome: { reason: "harm(quality)" } });
    expect((await made.labels())["production"]).toBe("1.0.0");
    const kinds = (await made.store.ledger("greeter")).items.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "rolled-back")).toHaveLength(1);
  });

  it("while completing leaves no holdback behind", async () => {
    const made = await inCanary();
    for (let step = 0; step < 3; step++) await passStep(made);
    expect(await made.state()).toMatchObject({ phase: "baking" });
    await made.serve(2);
    await advancePrompt(dying(await made.scope(), 1), "greeter", look);
    await made.advance();
    expect(await made.state()).toMatchObject({ phase: "completed" });
    expect(await made.registry.readRelease("greeter")).toMatchObject({ stable: "1.1.0", holdback: null });
  });
});

describe("harm", () => {
  it("at 5 % takes the candidate from everybody and exits 1", async () => {
    const made = await inCanary();
    await made.serve(1, { quality: 0.5 });
    const { exitCode, document } = await made.advance();
    expect(exitCode).toBe(1);
    expect(document.decisions[0]).toMatchObject({ action: "rollback", reason: "harm(quality)", weight: 0 });
    expect(await made.weight()).toBe(0);
    const again = await made.advance();
    expect(again).toMatchObject({ exitCode: 0 });
    expect(again.document.decisions[0]).toMatchObject({ event: "unchanged", phase: "rolled-back" });
  });

  it("is seen in one prompt although another one's state is corrupt, which is left as it is", async () => {
    const made = await inCanary();
    await made.store.write(rolloutKey("another"), "{ half", null);
    await made.serve(1, { quality: 0.5 });
    const { exitCode, document } = await made.advance();
    expect(exitCode).toBe(4);
    expect(document.decisions).toMatchObject([
      { prompt: "another", kind: "corrupt", hint: expect.stringContaining("promptgate rollback another") },
      { prompt: "greeter", action: "rollback" },
    ]);
    expect((await made.store.read(rolloutKey("another")))?.text).toBe("{ half");
  });

  it("is taken back whatever others write at the same time", async () => {
    const made = await inCanary();
    await made.serve(1, { errors: 0.6 });
    const scope = await made.scope();
    const ticks = await Promise.all([1, 2, 3].map(async () => advancePrompt(scope, "greeter", look)));
    expect(await made.weight()).toBe(0);
    expect(await made.state()).toMatchObject({ phase: "rolled-back" });
    expect(ticks.some(({ exitCode }) => exitCode === 1)).toBe(true);
    expect(ticks.every((tick) => tick.kind === "decided")).toBe(true);
  });
});

describe("metrics that cannot be read", () => {
  it("hold the rollout, then take the candidate back", async () => {
    const made = await inCanary();
    await made.serve(1);
    renameSync(join(made.folder, ".promptgate/metrics.jsonl"), join(made.folder, "gone"));
    const held = await made.advance();
    expect(held).toMatchObject({ exitCode: 4 });
    expect(held.document.decisions[0]).toMatchObject({
      action: "hold",
      reason: "metrics_down",
      weight: 5000,
    });
    made.wait(2);
    expect((await made.advance()).document.decisions[0]).toMatchObject({ reason: "metrics_down" });
    made.wait(2);
    const blind = await made.advance();
    expect(blind.exitCode).toBe(1);
    expect(blind.document.decisions[0]).toMatchObject({ action: "rollback", reason: "blind", weight: 0 });
  });

  it("do so too where the config names a secret that is not set", async () => {
    const made = await inCanary();
    const config = join(made.folder, "promptgate.yaml");
    const metrics =
      'metrics:\n  source: prometheus\n  url: http://127.0.0.1:1\n  headers: { authorization: "Bearer ${PROM_TOKEN}" }\n  assignments: a[{{bucket}}]\n  queries:\n    quality: { kind: mean, n: q, sum: q, sumOfSquares: q }\n    error_rate: { kind: proportion, n: q, errors: q }\n';
    appendFileSync(config, metrics);
    const { exitCode, document } = await made.advance();
    expect(exitCode).toBe(4);
    expect(document.decisions[0].message).toContain("PROM_TOKEN is not set");
  });
});

describe("what people change by hand", () => {
  it("a lower weight is kept and never raised again", async () => {
    const made = await inCanary();
    const release = await made.registry.readRelease("greeter");
    if (release === null || release.candidate === null) throw new Error("no candidate");
    await made.registry.writeRelease({
      document: {
        ...release,
        candidate: { ...release.candidate, weight: 1000 },
        generation: release.generation + 1,
      },
      expected: release.generation,
      by: "on-call",
      reason: "complaints",
    });
    const { document } = await made.advance();
    expect(document.decisions[0]).toMatchObject({ action: "hold", reason: "lowered", weight: 1000 });
    await made.serve(4);
    await made.advance();
    expect(await made.weight()).toBe(1000);
  });

  it("another production is drift, and after its time of grace the candidate is taken back", async () => {
    const made = await inCanary();
    await made.publish("1.2.0");
    const move = { prompt: "greeter", label: "production", to: "1.2.0", expected: "1.0.0" };
    await made.registry.moveLabel({ ...move, by: "ana", reason: "by hand" });
    expect((await made.advance()).document.decisions[0]).toMatchObject({ reason: "drift", weight: 5000 });
    made.wait(2);
    expect((await made.advance()).document.decisions[0]).toMatchObject({
      action: "rollback",
      reason: "drift",
    });
    expect(await made.weight()).toBe(0);
    expect((await made.labels())["production"]).toBe("1.2.0");
  });
});

describe("time", () => {
  it("comes from the clock alone: no variable of the environment moves it", async () => {
    const made = await inCanary();
    const at = (await made.state()).lastTickAt;
    Object.assign(made.context.environment, {
      PROMPTGATE_NOW: "2030-01-01T00:00:00Z",
      PROMPTGATE_CLOCK: "1893456000000",
      SOURCE_DATE_EPOCH: "1893456000",
      FAKETIME: "+90d",
    });
    writeFileSync(join(made.folder, ".env"), "PROMPTGATE_NOW=2030-01-01T00:00:00Z\n");
    const { document } = await made.advance();
    expect(document.decisions[0]).toMatchObject({ at, reason: "soaking" });
  });
});
