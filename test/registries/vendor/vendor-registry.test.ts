import { describe, expect, it } from "vitest";
import { GateError } from "../../../src/domain/errors.ts";
import type { Registry } from "../../../src/domain/registry.ts";
import type { ReleaseDocument } from "../../../src/domain/release.ts";
import { vendorRegistry } from "../../../src/registries/vendor/vendor-registry.ts";
import { registryContract } from "../../contracts/registry.contract.ts";
import { aMove, prompt } from "../../contracts/registry-requests.ts";
import { aVersion } from "../a-version.ts";
import { memoryVendor } from "./memory-vendor.ts";

const clock = { now: () => Date.UTC(2026, 10, 20, 12) };

registryContract("a registry on a platform", async () => ({
  registry: vendorRegistry(memoryVendor(), clock),
  cleanup: async () => undefined,
}));

registryContract("a registry on a platform that loses races of labels", async () => ({
  registry: vendorRegistry(memoryVendor({ losesRaces: true }), clock),
  cleanup: async () => undefined,
}));

async function published(registry: Registry, ...versions: string[]): Promise<Registry> {
  for (const version of versions) await registry.publish(aVersion(version, `Text of ${version}.`));
  return registry;
}

function release(generation: number, weight: number): ReleaseDocument {
  return {
    schema: "promptgate/release@1",
    prompt,
    stable: "1.0.0",
    candidate: { version: "1.1.0", weight, salt: "customer-support.r1", hashVersion: 1 },
    holdback: null,
    generation,
    updatedAt: "2026-11-20T12:00:00.000Z",
  };
}

/** Fails the n-th write of a kind, before or after it was made. */
function failing(when: "before" | "after", what: RegExp, count = 1) {
  let left = count;
  const fail = (write: string): void => {
    if (!what.test(write) || left === 0) return;
    left -= 1;
    throw new GateError("REGISTRY_FAILED", "memory: answered 500", { retryable: true });
  };
  return when === "before" ? { beforeWrite: fail } : { afterWrite: fail };
}

describe("a registry on a platform", () => {
  it.each([
    /^create customer-support$/,
    /^create customer-support\.rollout$/,
    /^point customer-support production$/,
  ])("recognises a write that was made although its answer was a failure: %s", async (what) => {
    const vendor = memoryVendor(failing("after", what));
    const registry = await published(vendorRegistry(vendor, clock), "1.0.0", "1.1.0");
    const move = await registry.moveLabel(aMove());
    expect(move).toMatchObject({ sequence: 1, to: "1.0.0" });
    expect(await registry.listLabels(prompt)).toMatchObject([{ name: "production", version: "1.0.0" }]);
    expect((await registry.history(prompt)).items).toHaveLength(1);
    expect((await vendor.listRevisions(prompt)).length).toBe(2);
  });

  it("does not believe in a write that was not made", async () => {
    const vendor = memoryVendor(failing("before", /^create customer-support\.rollout$/));
    const registry = await published(vendorRegistry(vendor, clock), "1.0.0");
    await expect(registry.moveLabel(aMove())).rejects.toMatchObject({ code: "REGISTRY_FAILED" });
    expect(await registry.listLabels(prompt)).toEqual([]);
    expect(await registry.moveLabel(aMove())).toMatchObject({ sequence: 1 });
  });

  it("finishes a move whose writer died before the platform knew of it, when the move is asked for again", async () => {
    const vendor = memoryVendor(failing("before", /^point customer-support production$/, 3));
    const registry = await published(vendorRegistry(vendor, clock), "1.0.0", "1.1.0");
    await expect(registry.moveLabel(aMove())).rejects.toMatchObject({ code: "REGISTRY_FAILED" });
    await expect(registry.moveLabel(aMove({ to: "1.1.0" }))).rejects.toMatchObject({
      code: "REGISTRY_CONFLICT",
      message: expect.stringContaining("is being moved to 1.0.0") as string,
    });
    expect(await registry.moveLabel(aMove())).toBeNull();
    expect(await registry.listLabels(prompt)).toMatchObject([{ version: "1.0.0", by: aMove().by }]);
  });

  it("takes what the platform shows for the truth when a move was undone by hand", async () => {
    let now = clock.now();
    const vendor = memoryVendor();
    const registry = await published(vendorRegistry(vendor, { now: () => now }), "1.0.0", "1.1.0");
    await registry.moveLabel(aMove({ to: "1.1.0" }));
    const [old] = await vendor.listRevisions(prompt);
    await vendor.point(prompt, { label: "production", id: old?.id ?? "" }, undefined);
    now += 3 * 60_000;
    expect(await registry.listLabels(prompt)).toMatchObject([{ version: "1.0.0", by: "unknown (memory)" }]);
    await expect(registry.moveLabel(aMove({ expected: "1.1.0" }))).resolves.toBeNull();
    expect(await registry.moveLabel(aMove({ to: "1.1.0", expected: "1.0.0" }))).toMatchObject({
      from: "1.0.0",
    });
  });

  it("says when the platform shows one label on two versions, and moves it onto one", async () => {
    let now = clock.now();
    const vendor = memoryVendor({ losesRaces: true });
    const registry = await published(vendorRegistry(vendor, { now: () => now }), "1.0.0", "1.1.0");
    const [first, second] = await vendor.listRevisions(prompt);
    await Promise.all(
      [first, second].map((revision) =>
        vendor.point(prompt, { label: "production", id: revision?.id ?? "" }, undefined),
      ),
    );
    now += 3 * 60_000;
    await expect(registry.readVersion(prompt, { kind: "label", label: "production" })).rejects.toMatchObject({
      code: "REGISTRY_CONFLICT",
      message: expect.stringContaining("points at 1.0.0 and 1.1.0") as string,
    });
    await expect(registry.moveLabel(aMove({ expected: "1.0.0", to: "1.1.0" }))).rejects.toMatchObject({
      code: "REGISTRY_CONFLICT",
    });
  });

  it("reads versions that people made by hand as 0.0.n, and leaves out what it cannot read", async () => {
    const vendor = memoryVendor();
    vendor.edit(prompt, [{ role: "system", content: "By hand." }]);
    vendor.edit(prompt, null);
    const registry = await published(vendorRegistry(vendor, clock), "1.0.0");
    const { items } = await registry.listVersions(prompt);
    expect(items.map(({ version, author }) => [version, author])).toEqual([
      ["1.0.0", expect.any(String)],
      ["0.0.1", "Grace"],
    ]);
    expect(await registry.moveLabel(aMove({ to: "0.0.1" }))).toMatchObject({ to: "0.0.1" });
  });

  it("reads what people made of a version of ours as theirs, and keeps ours", async () => {
    const vendor = memoryVendor();
    const registry = await published(vendorRegistry(vendor, clock), "1.0.0");
    const [ours] = await vendor.listRevisions(prompt);
    const copy = { envelope: ours?.envelope ?? {}, note: "", model: { name: "m", parameters: {} } };
    await vendor.create(prompt, { ...copy, messages: ours?.messages ?? [] });
    await vendor.create(prompt, { ...copy, messages: [{ role: "system", content: "Edited." }] });
    const { items } = await registry.listVersions(prompt);
    expect(items.map(({ version }) => version)).toEqual(["1.0.0", "0.0.3"]);
    expect(items[1]?.template.messages).toEqual([{ role: "system", content: "Edited." }]);
    expect(items[0]).toEqual(aVersion("1.0.0", "Text of 1.0.0."));
  });

  it("refuses a version of ours whose content was changed behind its digest", async () => {
    const vendor = memoryVendor();
    const registry = await published(vendorRegistry(vendor, clock), "1.0.0");
    const [revision] = await vendor.listRevisions(prompt);
    await vendor.create(prompt, {
      messages: [{ role: "system", content: "Changed." }],
      envelope: { ...revision?.envelope, version: "1.1.0" },
      note: "",
      model: { name: "m", parameters: {} },
    });
    await expect(registry.listVersions(prompt)).rejects.toMatchObject({ code: "REGISTRY_CORRUPT" });
  });

  it("lets one of many simultaneous releases win, and applications read the newest", async () => {
    const vendor = memoryVendor();
    const registry = await published(vendorRegistry(vendor, clock), "1.0.0", "1.1.0");
    const write = (weight: number): Promise<void> =>
      registry.writeRelease({ document: release(1, weight), expected: null, by: "job", reason: "step" });
    const outcomes = await Promise.allSettled([write(1000), write(2000), write(3000), write(4000)]);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const current = await registry.readRelease(prompt);
    const active = (await vendor.pointers(`${prompt}.rollout`)).filter(({ label }) => label === "production");
    expect(active).toHaveLength(1);
    const shown = (await vendor.listRevisions(`${prompt}.rollout`)).find(({ id }) => id === active[0]?.id);
    expect(shown?.envelope?.["release"]).toEqual(current);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("loses no move in 25 races of two writers, %i of 8", async () => {
    const vendor = memoryVendor({ losesRaces: true });
    const registry = await published(vendorRegistry(vendor, clock), "1.0.0", "1.1.0", "1.2.0");
    await registry.moveLabel(aMove());
    let current = "1.0.0";
    let won = 0;
    for (let race = 0; race < 25; race += 1) {
      const others = ["1.0.0", "1.1.0", "1.2.0"].filter((version) => version !== current);
      const outcomes = await Promise.allSettled(
        others.map((to) => registry.moveLabel(aMove({ to, expected: current }))),
      );
      const winners = outcomes.filter(({ status }) => status === "fulfilled");
      expect(winners).toHaveLength(1);
      won += winners.length;
      const [label] = await registry.listLabels(prompt);
      expect(others).toContain(label?.version);
      current = label?.version ?? "";
    }
    const { items } = await registry.history(prompt, { limit: 1000 });
    expect(items).toHaveLength(1 + won);
  });

  it("leaves the platform's own split as the newest release has it, though a slower writer came after", async () => {
    const vendor = memoryVendor();
    const split: number[] = [];
    let slow: Promise<void> | null = null;
    const mirroring = {
      ...vendor,
      mirrorRelease: async ({ generation, candidate }: ReleaseDocument): Promise<void> => {
        if (generation === 1 && slow === null) {
          slow = second.writeRelease({ document: release(2, 0), expected: 1, by: "job", reason: "stop" });
          await slow;
        }
        split.push(candidate?.weight ?? 0);
      },
    };
    const registry = await published(vendorRegistry(mirroring, clock), "1.0.0", "1.1.0");
    const second = vendorRegistry(mirroring, clock);
    await registry.writeRelease({ document: release(1, 25_000), expected: null, by: "job", reason: "step" });
    expect(split).toEqual([0, 25_000, 0]);
  });
});
