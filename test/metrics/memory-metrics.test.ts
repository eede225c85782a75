import { expect, it } from "vitest";
import { GateError } from "../../src/domain/errors.ts";
import { metricsContract } from "../contracts/metrics.contract.ts";
import { quality } from "../contracts/metrics-requests.ts";
import { memoryMetrics } from "./memory-metrics.ts";

const nothing = async (): Promise<void> => {};

metricsContract("the fake of the tests", {
  create: async (served) => {
    const source = memoryMetrics();
    source.serve(...served);
    return { source, cleanup: nothing };
  },
  unreachable: async () => {
    const source = memoryMetrics();
    source.fail(new GateError("NETWORK", "nobody listens", { hint: "start it" }));
    return { source, cleanup: nothing };
  },
  withoutUnits: null,
});

it("the fake gives back finished samples, and errors of one metric instead of them", async () => {
  const source = memoryMetrics();
  const sample = { kind: "mean", n: 50, mean: 0.8, variance: 0.04 } as const;
  const observation = { metric: "quality", version: "1.0.0", bucket: 0, sample };
  source.put({ prompt: "desk", ...observation });
  source.assign({ prompt: "desk", version: "1.0.0", bucket: 0, n: 60, newUnits: 60 });
  const request = {
    prompt: "desk",
    versions: ["1.0.0"],
    metrics: [quality],
    from: 0,
    to: 1000,
    bucketMs: 1000,
  };
  const { signal } = new AbortController();
  expect(await source.observe(request, signal)).toMatchObject({
    observations: [observation],
    assignments: [{ version: "1.0.0", bucket: 0, n: 60, newUnits: 60 }],
    errors: [],
  });
  source.failMetric("quality", "no such series");
  expect(await source.observe(request, signal)).toMatchObject({
    observations: [],
    errors: [{ metric: "quality", message: "no such series" }],
  });
  expect(source.requests).toEqual([request, request]);
});
