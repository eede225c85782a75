import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signEnvelope } from "../../../src/evidence/dsse.ts";
import { parseSigningKey } from "../../../src/evidence/keys.ts";
import { renderSignOff } from "../../../src/evidence/sign-off.ts";
import {
  copyOf,
  promotionProject,
  removeProjects,
  states,
  type PromotionProject,
} from "./promotion-project.ts";

const NEW = "Answer only from the context. Name the price.";
afterAll(removeProjects);

describe("promote with a sign-off", () => {
  let approvable: PromotionProject;
  beforeAll(async () => {
    const made = await promotionProject();
    const bea = await made.newKey("bea.key");
    const ana = await made.newKey("ana.key");
    made.configure(
      [
        "approvers:",
        `  - { name: Bea Lee, email: bea@example.com, key: ${bea} }`,
        `  - { name: Ana Roe, email: ana@example.com, key: ${ana} }`,
        "policies: { major: { canary: false } }",
      ].join("\n"),
    );
    await made.publish("2.0.0", NEW);
    await made.gate();
    approvable = made;
  });

  async function major(): Promise<PromotionProject> {
    return copyOf(approvable);
  }

  it("waits for it, and goes on when somebody else than the author gave it", async () => {
    const made = await major();
    expect((await made.promote("2.0.0", "staging")).exitCode).toBe(0);
    expect(await made.promote("2.0.0", "production")).toMatchObject({ exitCode: 5 });
    expect(await made.approve("2.0.0", "ana.key")).toMatchObject({
      exitCode: 1,
      document: { outcome: "refused" },
    });
    expect(await made.promote("2.0.0", "production")).toMatchObject({ exitCode: 5 });
    expect(await made.approve("2.0.0", "bea.key", { reason: "read it" })).toMatchObject({
      exitCode: 0,
      document: { outcome: "approved", approvedBy: ["Bea Lee"] },
    });
    const { exitCode, document } = await made.promote("2.0.0", "production");
    expect(exitCode).toBe(0);
    expect(states(document)).toMatchObject({ "sign-off": "met" });
    expect((await made.ledger()).map(({ kind }) => kind)).toEqual(["promoted", "signed-off", "promoted"]);
  });

  it("counts a person once, however often they approve", async () => {
    const made = await major();
    await made.approve("2.0.0", "bea.key");
    made.wait(1);
    expect(await made.approve("2.0.0", "bea.key")).toMatchObject({
      document: { outcome: "approved-already", approvedBy: ["Bea Lee"] },
    });
    expect(await made.ledger()).toHaveLength(1);
  });

  it("does not count it for another digest, nor when it is too old", async () => {
    const made = await major();
    await made.approve("2.0.0", "bea.key");
    made.wait(31 * 24);
    const { document } = await made.promote("2.0.0", "production", { dryRun: true });
    expect(document.checks.find(({ name }: { name: string }) => name === "sign-off").text).toMatch(
      /0 of 1 needed \(nobody\); not counted: Bea Lee \(31 days old/,
    );
    await made.publish("3.0.0", `${NEW} Be brief.`);
    const other = await made.promote("3.0.0", "production", { dryRun: true });
    expect(other.document.checks[2].text).toBe("0 of 1 needed (nobody)");
  });

  it("refuses a key that no approver has, and an approval of the author that was stored by other means", async () => {
    const made = await major();
    await expect(made.approve("2.0.0", "ci.key")).rejects.toMatchObject({ code: "USAGE" });
    const version = await made.registry.readVersion("greeter", { kind: "version", version: "2.0.0" });
    const digest = version?.digest ?? "sha256:";
    const key = parseSigningKey(readFileSync(join(made.folder, "ana.key"), "utf8"), "ana.key");
    const by = { name: "Bea Lee", email: "bea@example.com" };
    const signOff = {
      prompt: "greeter",
      digest,
      version: "2.0.0",
      by,
      at: "2026-11-20T00:00:00.000Z",
      reason: "",
    };
    await made.store.attest(digest, signEnvelope(renderSignOff(signOff), key));
    const { exitCode, document } = await made.promote("2.0.0", "production");
    expect(exitCode).toBe(1);
    expect(document.checks[2].text).toContain("not counted: Ana Roe (the author of the version)");
  });
});
