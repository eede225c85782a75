import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import type { Registry } from "../../src/domain/registry.ts";
import type { ReleaseDocument } from "../../src/domain/release.ts";
import { logfireRegistry } from "../../src/registries/logfire.ts";
import { splitOf } from "../../src/registries/logfire-split.ts";
import { aRelease, aReleaseWrite } from "../contracts/registry-release.contract.ts";
import { aMove } from "../contracts/registry-requests.ts";
import { connectionTo, startLogfire, type LogfireServer } from "../loopback/logfire-server.ts";
import { routedTo } from "../loopback/logfire-sdk.ts";
import { aVersion } from "./a-version.ts";

const MAIN = "customer_support";
const clock = { now: () => Date.UTC(2026, 10, 20, 12) };
const salt = "customer-support.r1";
let server: LogfireServer;
let registry: Registry;

beforeEach(async () => {
  server = await startLogfire();
  registry = logfireRegistry({ ...connectionTo(server), weights: true, singleWriter: false }, clock);
  for (const version of ["1.0.0", "1.1.0"]) await registry.publish(aVersion(version, `Text of ${version}.`));
  await registry.moveLabel(aMove());
});
afterEach(async () => server.close());

const splits = (): string[] => server.calls.filter((call) => call === `PUT /v1/variables/${MAIN}/`);

async function release(generation: number, changes: Partial<ReleaseDocument>): Promise<void> {
  await registry.writeRelease(
    aReleaseWrite({ generation, ...changes }, generation === 1 ? null : generation - 1),
  );
}

/** The version of Logfire that an application's SDK serves to somebody at `point` in [0,1). */
function served(point: number): number | null {
  return routedTo(server.shelf.config(MAIN), point);
}

describe("the weights of a variable", () => {
  it("follow the release, labels and shares in one update", async () => {
    const before = splits().length;
    await release(1, {});
    expect(splits()).toHaveLength(before + 1);
    expect(server.shelf.variable(MAIN)?.rollout).toEqual({
      production: 0,
      "promptgate.next": 0.05,
      "promptgate.stable": 0.95,
      "promptgate.holdback": 0,
    });
    expect([served(0.049), served(0.051), served(0.999)]).toEqual([2, 1, 1]);
  });

  it("keep the order of their keys, so that nobody who has the new version loses it while the share rises", async () => {
    const points = Array.from({ length: 1000 }, (_, at) => at / 1000);
    let had: number[] = [];
    for (const [at, weight] of [1000, 5000, 25_000, 50_000, 100_000].entries()) {
      await release(at + 1, { candidate: { version: "1.1.0", weight, salt, hashVersion: 1 } });
      const have = points.filter((point) => served(point) === 2);
      expect(have).toHaveLength(weight / 100);
      expect(have).toEqual(expect.arrayContaining(had));
      had = have;
    }
  });

  it("leave a holdback the former version, at the end of the range", async () => {
    await release(1, {
      stable: "1.1.0",
      candidate: null,
      holdback: { version: "1.0.0", weight: 5000, salt },
    });
    expect([served(0), served(0.949), served(0.951), served(0.999)]).toEqual([2, 2, 1, 1]);
  });

  it("go back to the stable version for everybody with a rollback", async () => {
    await release(1, { candidate: { version: "1.1.0", weight: 50_000, salt, hashVersion: 1 } });
    await release(2, { candidate: { version: "1.1.0", weight: 0, salt, hashVersion: 1 } });
    expect([0, 0.2, 0.5, 0.999].map(served)).toEqual([1, 1, 1, 1]);
  });

  it("are not written again where they are right, and are put right where somebody changed them", async () => {
    await release(1, {});
    const before = splits().length;
    await release(1, {});
    expect(splits()).toHaveLength(before);
    const variable = server.shelf.existing(MAIN);
    variable.rollout = { ...variable.rollout, "promptgate.next": 0.5, "promptgate.stable": 0.5 };
    await release(1, {});
    expect(variable.rollout["promptgate.next"]).toBe(0.05);
  });

  it("leave rules for some of the users as people made them", async () => {
    const variable = server.shelf.existing(MAIN);
    const rule = { name: "beta", description: null, conditions: [], rollout: { labels: { production: 1 } } };
    variable.overrides = [rule];
    await release(1, {});
    expect(variable.overrides).toEqual([rule]);
  });

  it("are said to have failed when the update did, and follow when the release is written again", async () => {
    server.fail(new RegExp(`^PUT /v1/variables/${MAIN}/`), { kind: "status", status: 500, body: "{}" });
    await expect(release(1, {})).rejects.toMatchObject({ code: "REGISTRY_FAILED" });
    await release(1, {});
    expect(served(0.01)).toBe(2);
  });

  it("stay as they are on request", async () => {
    registry = logfireRegistry({ ...connectionTo(server), weights: false, singleWriter: false }, clock);
    await release(1, {});
    expect(server.shelf.variable(MAIN)?.rollout).toEqual({ production: 1 });
    expect(await registry.readRelease("customer-support")).toEqual(aRelease());
  });
});

it("shares of a release are never negative, never more than all, and leave nobody to the code's default", () => {
  const weight = fc.integer({ min: 0, max: 100_000 });
  const keys = fc.uniqueArray(
    fc.constantFrom("a", "constructor", "promptgate.holdback", "promptgate.stable", "z"),
  );
  fc.assert(
    fc.property(weight, weight, keys, (next, kept, known) => {
      const document = aRelease({
        candidate: { version: "1.1.0", weight: next, salt, hashVersion: 1 },
        holdback: { version: "1.0.0", weight: kept, salt },
      });
      const rollout = { labels: Object.fromEntries(known.map((key) => [key, 0.1])) };
      const update = splitOf(document, { rollout }, () => ({ version: 1, serialized_value: "{}" }));
      const { labels } = update.rollout;
      expect(Object.keys(labels).slice(0, known.length)).toEqual(known);
      expect(Object.values(labels).every((share) => share >= 0 && share <= 1)).toBe(true);
      expect(Object.values(labels).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
      expect(labels["promptgate.next"]).toBe(next / 100_000);
    }),
  );
});
