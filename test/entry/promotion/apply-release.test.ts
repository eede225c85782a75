import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GateError } from "../../../src/domain/errors.ts";
import type { Registry } from "../../../src/domain/registry.ts";
import { promptDigest } from "../../../src/domain/prompt.ts";
import {
  applyRelease,
  lowerTraffic,
  type ReleaseChange,
} from "../../../src/entry/promotion/apply-release.ts";
import { openRegistry } from "../../../src/registries/index.ts";
import { release } from "./promotion-project.ts";

let folder: string;
let registry: Registry;
const at = "2026-11-20T00:00:00.000Z";
const candidate = { version: "1.1.0", weight: 5_000, salt: "greeter.r1", hashVersion: 1 } as const;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "promptgate-release-"));
  registry = openRegistry({ kind: "file" }, folder, { now: () => Date.parse(at) });
  for (const version of ["1.0.0", "1.1.0"]) {
    const template = {
      messages: [{ role: "user", content: version }],
      model: "m",
      modelParameters: {},
      responseFormat: "text",
      tools: [],
    } as const;
    const digest = promptDigest(template);
    await registry.publish({ name: "greeter", version, template, digest, author: "ana", createdAt: at });
  }
  await release({ registry }, { stable: "1.0.0", candidate });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function aChange(weight: number): Promise<ReleaseChange> {
  const before = await registry.readRelease("greeter");
  const after = { stable: "1.0.0", candidate: { ...candidate, weight }, holdback: null };
  return { registry, prompt: "greeter", before, after, by: "ana", reason: "test", at };
}

async function weight(): Promise<number | undefined> {
  return (await registry.readRelease("greeter"))?.candidate?.weight;
}

async function bug(): Promise<boolean> {
  throw new TypeError("a bug");
}

describe("applyRelease", () => {
  it.each([
    { direction: "lower", seen: 0 },
    { direction: "raise", seen: 5_000 },
  ] as const)(
    "writes what leaves less exposure first, when it is to $direction",
    async ({ direction, seen }) => {
      const change = await aChange(direction === "lower" ? 0 : 25_000);
      let during: number | undefined;
      const applied = await applyRelease(change, direction, async () => {
        during = await weight();
        return true;
      });
      expect(applied).toEqual({ kind: "applied" });
      expect(during).toBe(seen);
      expect(await weight()).toBe(direction === "lower" ? 0 : 25_000);
    },
  );

  it("raises nothing when the record was lost to somebody else", async () => {
    expect(await applyRelease(await aChange(25_000), "raise", async () => false)).toEqual({
      kind: "lost-race",
    });
    expect(await weight()).toBe(5_000);
  });

  it("records nothing when the traffic was changed by somebody else while it is lowered", async () => {
    const change = await aChange(0);
    await release({ registry }, { stable: "1.0.0", candidate: { ...candidate, weight: 25_000 } });
    let recorded = false;
    const applied = await applyRelease(change, "lower", async () => (recorded = true));
    expect(applied).toEqual({ kind: "lost-race" });
    expect(recorded).toBe(false);
  });

  it.each([
    { title: "is lost", record: async () => false, code: "REGISTRY_CONFLICT" },
    {
      title: "fails",
      record: async (): Promise<boolean> => {
        throw new GateError("STORAGE_FAILED", "disk full");
      },
      code: "STORAGE_FAILED",
    },
  ])("stays lowered when the record $title", async ({ record, code }) => {
    const applied = await applyRelease(await aChange(0), "lower", record);
    expect(applied).toMatchObject({ kind: "half", first: "traffic", error: { code } });
    expect(await weight()).toBe(0);
  });

  it("says that the traffic is missing when only the record could be written", async () => {
    const change = await aChange(25_000);
    await release({ registry }, { stable: "1.0.0", candidate: { ...candidate, weight: 0 } });
    const applied = await applyRelease(change, "raise", async () => true);
    expect(applied).toMatchObject({ kind: "half", first: "record", error: { code: "REGISTRY_CONFLICT" } });
    expect(await weight()).toBe(0);
  });

  it("does not hide a bug as a fault of the registry", async () => {
    await expect(applyRelease(await aChange(0), "lower", bug)).rejects.toThrow("a bug");
  });
});

describe("lowerTraffic", () => {
  it("looks again after each lost race until it is done", async () => {
    let raced = 0;
    const racing: Registry = {
      ...registry,
      writeRelease: async (request) => {
        if (raced++ < 3) {
          await release(
            { registry },
            { stable: "1.0.0", candidate: { ...candidate, weight: 5_000 + raced } },
          );
        }
        return registry.writeRelease(request);
      },
    };
    const order = { registry: racing, prompt: "greeter", by: "ana", reason: "test", at };
    const lowered = await lowerTraffic(order, ({ stable }) => ({
      stable,
      candidate: { ...candidate, weight: 0 },
      holdback: null,
    }));
    expect(lowered?.wrote).toBe(true);
    expect(raced).toBe(4);
    expect(await weight()).toBe(0);
  });

  it("writes nothing where there is nothing to lower", async () => {
    const order = { registry, prompt: "other", by: "ana", reason: "test", at };
    expect(await lowerTraffic(order, () => null)).toBeNull();
    const same = await lowerTraffic({ ...order, prompt: "greeter" }, ({ stable, holdback }) => ({
      stable,
      candidate,
      holdback,
    }));
    expect(same?.wrote).toBe(false);
    expect(await registry.readRelease("greeter")).toMatchObject({ generation: 1 });
  });
});
