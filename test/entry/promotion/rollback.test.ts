import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rolloutKey } from "../../../src/domain/store.ts";
import { parseState } from "../../../src/rollout/state-document.ts";
import { refusal } from "../gate-checkout.ts";
import {
  copyOf,
  promotionProject,
  release,
  removeProjects,
  rolloutState,
  type PromotionProject,
} from "./promotion-project.ts";

let published: PromotionProject;
beforeAll(async () => {
  published = await promotionProject();
  await published.publish("1.1.0", "Answer only from the context. Name the price.");
  await published.publish("1.2.0", "Answer only from the context. Name the price. Be brief.");
});
afterAll(removeProjects);

/** The versions named were in production one after the other; all three are published. */
async function inProduction(...versions: readonly string[]): Promise<PromotionProject> {
  const made = copyOf(published);
  for (const version of versions) {
    await made.promote(version, "production", { override: true, reason: "for the test" });
    made.wait(1);
  }
  return made;
}

function kinds(document: { steps: { step: string; kind: string }[] }): Record<string, string> {
  return Object.fromEntries(document.steps.map(({ step, kind }) => [step, kind]));
}

async function traffic(made: PromotionProject) {
  const found = await made.registry.readRelease("greeter");
  return found && { stable: found.stable, weight: found.candidate?.weight ?? null, holdback: found.holdback };
}

describe("rollback of a live canary", () => {
  it("sets its weight to 0 and ends the rollout", async () => {
    const made = copyOf(published);
    await release(made, { stable: "1.0.0", candidate: { version: "1.1.0", weight: 25_000 } });
    await rolloutState(made, "canary", "1.1.0");
    const { exitCode, document } = await made.rollback();
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({ to: "1.0.0", from: "1.1.0" });
    expect(await traffic(made)).toEqual({ stable: "1.0.0", weight: 0, holdback: null });
    const stored = parseState((await made.store.read(rolloutKey("greeter")))?.text ?? "");
    const state = stored.kind === "value" ? stored.state : null;
    expect(state).toMatchObject({
      phase: "rolled-back",
      outcome: { message: "people complain" },
      generation: 2,
    });
    expect(state?.denied).toMatchObject([{ version: "1.1.0", times: 1 }]);
    expect(await made.labels()).toEqual({ production: "1.0.0", rollback: "1.0.0" });
    expect(await made.ledger()).toMatchObject([
      { kind: "rolled-back", version: "1.1.0", reason: "people complain" },
    ]);
  });

  it("needs neither the store nor a readable state", async () => {
    const made = copyOf(published);
    await release(made, { stable: "1.0.0", candidate: { version: "1.1.0" } });
    await made.store.write(rolloutKey("greeter"), "{ cut off", null);
    const { exitCode, document } = await made.rollback();
    expect(exitCode).toBe(0);
    expect(kinds(document)).toMatchObject({ traffic: "done", "rollout state": "left", ledger: "done" });
    expect((await made.store.read(rolloutKey("greeter")))?.text).toBe("{ cut off");
    expect(await traffic(made)).toMatchObject({ stable: "1.0.0", weight: 0 });
  });

  it("is done once, however often it is asked for, by whomever", async () => {
    const made = copyOf(published);
    await release(made, { stable: "1.0.0", candidate: { version: "1.1.0" } });
    const results = await Promise.all([made.rollback(), made.rollback(), made.rollback()]);
    expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    made.wait(1);
    await made.rollback();
    expect(await traffic(made)).toMatchObject({ stable: "1.0.0", weight: 0 });
    expect(await made.registry.readRelease("greeter")).toMatchObject({ generation: 2 });
    expect((await made.ledger()).filter(({ kind }) => kind === "rolled-back")).toHaveLength(1);
  });
});

describe("rollback of what everybody has", () => {
  it("goes back to what production had before", async () => {
    const made = await inProduction("1.1.0", "1.2.0");
    const { exitCode, document } = await made.rollback();
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({ to: "1.1.0", from: "1.2.0" });
    expect(await made.labels()).toMatchObject({ production: "1.1.0", rollback: "1.1.0" });
  });

  it("does not go one further back when it is repeated", async () => {
    const made = await inProduction("1.1.0", "1.2.0");
    await made.rollback();
    made.wait(1);
    const { document } = await made.rollback();
    expect(document).toMatchObject({ to: "1.1.0", from: null });
    expect(await made.labels()).toMatchObject({ production: "1.1.0" });
  });

  it("never goes to a version that was itself taken back", async () => {
    const made = await inProduction("1.1.0");
    await made.rollback();
    made.wait(1);
    await made.promote("1.2.0", "production", { override: true, reason: "better" });
    made.wait(1);
    expect((await made.rollback()).document).toMatchObject({ to: "1.0.0", from: "1.2.0" });
  });

  it("brings the former version back during the bake, label and traffic", async () => {
    const made = await inProduction("1.1.0");
    const holdback = { version: "1.0.0", weight: 5_000, salt: "greeter.r1" };
    await release(made, { stable: "1.1.0", holdback });
    await rolloutState(made, "baking", "1.1.0");
    const { exitCode, document } = await made.rollback();
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({ to: "1.0.0", from: "1.1.0" });
    expect(await traffic(made)).toEqual({ stable: "1.0.0", weight: null, holdback: null });
    expect(await made.labels()).toMatchObject({ production: "1.0.0" });
  });

  it("leaves a rollout alone that nobody was served yet", async () => {
    const made = await inProduction("1.1.0");
    await rolloutState(made, "staging", "1.2.0");
    const { document } = await made.rollback();
    expect(document).toMatchObject({ to: "1.0.0", from: "1.1.0" });
    expect(kinds(document)).toMatchObject({ "rollout state": "unchanged" });
  });

  it("takes a named version that was in production, and no other", async () => {
    const made = await inProduction("1.1.0");
    expect(await refusal(made.rollback({ to: "1.2.0" }))).toMatchObject({
      code: "USAGE",
      message: "1.2.0 was never in production: going there would be a promotion",
    });
    expect(await refusal(made.rollback({ to: "9.9.9" }))).toMatchObject({ code: "VERSION_NOT_FOUND" });
    expect(await refusal(made.rollback({ to: "production" }))).toMatchObject({ code: "USAGE" });
    expect((await made.rollback({ to: "1.0.0" })).document).toMatchObject({ to: "1.0.0", from: "1.1.0" });
  });
});

describe("rollback works", () => {
  it("while the project's other files and the rest of its config are broken", async () => {
    const made = await inProduction("1.1.0");
    made.write("golden-datasets/greeter.jsonl", "{ not json");
    made.write("prompts/greeter.prompt.yml", "name: [");
    made.configure(
      "waivers: [{ expires: yesterday }]\nunknown: true\nmetrics: { source: prometheus, url: '${NOT_SET}' }",
    );
    expect((await made.rollback()).exitCode).toBe(0);
    expect(await made.labels()).toMatchObject({ production: "1.0.0" });
  });

  it("while the store cannot be opened, and says how its entry gets there later", async () => {
    const made = await inProduction("1.1.0");
    const state = join(made.folder, ".promptgate/state");
    const hidden = join(made.folder, ".promptgate/hidden");
    renameSync(state, hidden);
    writeFileSync(state, "a file where a folder should be");
    const { exitCode, document } = await made.rollback();
    expect(exitCode).toBe(4);
    expect(kinds(document)).toMatchObject({ "label production": "done", ledger: "failed" });
    expect(document.steps.at(-1).remedy).toContain("run the same command again");
    expect(await made.labels()).toMatchObject({ production: "1.0.0" });
    rmSync(state);
    renameSync(hidden, state);
    expect((await made.rollback()).exitCode).toBe(0);
    expect((await made.ledger())[0]).toMatchObject({ kind: "rolled-back" });
  });

  it("while the ledger is corrupt, which stays as it is", async () => {
    const made = await inProduction("1.1.0");
    const ledger = join(made.folder, ".promptgate/state/ledger");
    const [prompt = ""] = readdirSync(ledger);
    const [entry = ""] = readdirSync(join(ledger, prompt));
    writeFileSync(join(ledger, prompt, entry), "{ cut off");
    const { document } = await made.rollback();
    expect(document.unread.join()).toContain("ledger");
    expect(await made.labels()).toMatchObject({ production: "1.0.0" });
  });

  it("under a freeze", async () => {
    const made = await inProduction("1.1.0");
    await made.store.write("freeze", JSON.stringify({ schema: "promptgate/freeze@1" }), null);
    expect((await made.rollback()).exitCode).toBe(0);
  });

  it("without anybody knowing who acts", async () => {
    const made = await inProduction("1.1.0");
    Object.assign(made.context, { environment: {} });
    expect((await made.rollback()).document).toMatchObject({ by: "unknown" });
  });
});

describe("rollback refuses", () => {
  it("a prompt that nobody published, with the nearest name", async () => {
    const made = copyOf(published);
    expect(await refusal(made.rollback({ prompt: "greter" }))).toMatchObject({
      code: "USAGE",
      message: expect.stringContaining('did you mean "greeter"?') as string,
    });
  });

  it("to guess where nothing else was ever in production", async () => {
    const made = copyOf(published);
    expect(await refusal(made.rollback())).toMatchObject({
      code: "USAGE",
      message:
        "no version is known to go back to: nothing but 1.0.0 was ever in production, or all of it was taken back",
    });
  });

  it("an empty reason", async () => {
    expect(await refusal(copyOf(published).rollback({ reason: "  " }))).toMatchObject({ code: "USAGE" });
  });

  it("and says that nothing moved when the registry is corrupt", async () => {
    const made = await inProduction("1.1.0");
    const moves = join(made.folder, ".promptgate/registry/greeter/moves");
    mkdirSync(moves, { recursive: true });
    const [first = ""] = readdirSync(moves).sort();
    writeFileSync(join(moves, first), "{ cut off");
    expect(await refusal(made.rollback())).toMatchObject({ code: "REGISTRY_CORRUPT" });
    const { exitCode, document } = await made.rollback({ to: "1.0.0" });
    expect(exitCode).toBe(4);
    expect(kinds(document)).toMatchObject({ "label production": "failed", "label rollback": "failed" });
  });

  it("unless a release document can still be written: then traffic goes back all the same", async () => {
    const made = await inProduction("1.1.0");
    await release(made, { stable: "1.1.0", candidate: { version: "1.2.0" } });
    const moves = join(made.folder, ".promptgate/registry/greeter/moves");
    const [first = ""] = readdirSync(moves).sort();
    writeFileSync(join(moves, first), "{ cut off");
    const { exitCode, document } = await made.rollback();
    expect(exitCode).toBe(4);
    expect(kinds(document)).toMatchObject({ traffic: "done", "label production": "failed" });
    expect(await traffic(made)).toMatchObject({ stable: "1.1.0", weight: 0 });
  });
});
