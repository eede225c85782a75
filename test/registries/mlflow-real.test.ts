import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { mlflowRegistry } from "../../src/registries/mlflow.ts";
import { registryContract } from "../contracts/registry.contract.ts";
import { aMove, prompt } from "../contracts/registry-requests.ts";
import { startRealMlflow, withoutMlflow, type RealMlflow } from "../loopback/mlflow-program.ts";
import { aVersion } from "./a-version.ts";

const clock = { now: () => Date.now() };

vi.setConfig({ testTimeout: 200_000 });

describe.skipIf(withoutMlflow !== null)("a real MLflow", () => {
  let mlflow: RealMlflow;
  beforeAll(async () => {
    mlflow = await startRealMlflow();
  }, 220_000);
  afterAll(async () => mlflow.close());

  const open = () =>
    mlflowRegistry({ baseUrl: mlflow.baseUrl, authorization: null, timeoutMs: 30_000 }, clock);

  registryContract("a registry on a real MLflow", async () => ({
    registry: open(),
    cleanup: async () => mlflow.empty(),
  }));

  it("loses no move in 50 races of two writers, and leaves the label in one place", async () => {
    const [registry, second] = [open(), open()];
    const versions = ["1.0.0", "1.1.0", "1.2.0"];
    for (const version of versions) await registry.publish(aVersion(version, `Text of ${version}.`));
    await registry.moveLabel(aMove());
    let current = "1.0.0";
    for (let race = 0; race < 50; race += 1) {
      const targets = versions.filter((version) => version !== current);
      const outcomes = await Promise.allSettled(
        targets.map(async (to, at) =>
          (at === 0 ? registry : second).moveLabel(aMove({ to, expected: current })),
        ),
      );
      const won = targets.filter((_, at) => outcomes[at]?.status === "fulfilled");
      expect(won).toHaveLength(1);
      expect((await registry.listLabels(prompt)).map(({ version }) => version)).toEqual(won);
      current = won[0] ?? "";
    }
    expect((await open().history(prompt, { limit: 1000 })).items).toHaveLength(51);
    await mlflow.empty();
  });

  it("lets one of two publish a new prompt's first version", async () => {
    const outcomes = await Promise.allSettled([
      open().publish(aVersion("1.0.0", "One.")),
      open().publish(aVersion("1.0.0", "Other.")),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect((await open().listVersions(prompt)).items).toHaveLength(1);
    await mlflow.empty();
  });

  it("adds nothing to a model that has the name of a prompt", async () => {
    await mlflow.call("POST", "registered-models/create", { name: "churn" });
    await expect(open().publish(aVersion("1.0.0", "Text.", "churn"))).rejects.toMatchObject({
      code: "PROMPT_INVALID",
    });
    expect(await open().readVersion("churn", { kind: "latest" })).toBeNull();
    await mlflow.call("DELETE", "registered-models/delete", { name: "churn" });
  });

  it("takes the longest text, and its number when it was deleted is no longer the same version", async () => {
    const registry = open();
    const long = aVersion("1.0.0", "é".repeat(99_000));
    await registry.publish(long);
    expect(await registry.readVersion(prompt, { kind: "latest" })).toEqual(long);
    await registry.moveLabel(aMove());
    await mlflow.call("DELETE", "model-versions/delete", { name: prompt, version: "1" });
    await registry.publish(aVersion("1.1.0"));
    expect(await registry.listLabels(prompt)).toEqual([]);
    await expect(registry.moveLabel(aMove({ expected: null, to: "1.0.0" }))).rejects.toMatchObject({
      code: "VERSION_NOT_FOUND",
    });
    await mlflow.empty();
  });
});
