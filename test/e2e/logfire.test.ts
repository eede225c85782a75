import { expect, it } from "vitest";
import { routedTo } from "../loopback/logfire-sdk.ts";
import { API_KEY, READ_TOKEN, startLogfire } from "../loopback/logfire-server.ts";
import { followRollout } from "./platform-rollout.ts";

const NUMBERS: Readonly<Record<string, number>> = { "1.0.0": 1, "1.1.0": 2 };
const POINTS = Array.from({ length: 1000 }, (_, at) => (at + 0.5) / 1000);

it("gates, publishes, stages, exposes step by step and rolls back on Logfire, with a client and weights that follow", async () => {
  const { shelf, traffic, ...server } = await startLogfire();
  const { baseUrl } = server;
  const access = { baseUrl, apiKey: "${LOGFIRE_API_KEY}" };
  /** Whom Logfire's own SDKs serve the new version, from all places of the range. */
  const sdkShare = (): number =>
    POINTS.filter((point) => routedTo(shelf.config("greeter"), point) === 2).length / POINTS.length;
  const seen = new Set<number>();
  await followRollout({
    kind: "logfire",
    registry: access,
    metrics: { ...access, readToken: "${LOGFIRE_READ_TOKEN}" },
    environment: { LOGFIRE_API_KEY: API_KEY, LOGFIRE_READ_TOKEN: READ_TOKEN },
    options: { baseUrl, apiKey: API_KEY },
    stored: (prompt) => shelf.existing(prompt).versions.length,
    settle: async () => void seen.add(sdkShare()),
    report(unit, version, at) {
      const id = `${unit}-${at}`;
      const variable = "logfire.variables.greeter";
      traffic.records.push({
        span_id: id,
        trace_id: id,
        parent_span_id: null,
        start_timestamp: new Date(at).toISOString(),
        duration: 0.5,
        level: "info",
        is_exception: false,
        otel_status_code: null,
        deployment_environment: "production",
        telemetry_sdk_language: "python",
        attributes: {
          "gen_ai.operation.name": "chat",
          [variable]: "promptgate.stable",
          [`${variable}.version`]: String(NUMBERS[version]),
          "user.id": unit,
        },
      });
    },
  });
  expect([...seen]).toEqual([0, 0.05]);
  expect(sdkShare()).toBe(0);
  const { labels, rollout } = shelf.existing("greeter");
  expect(labels.get("production")?.target).toEqual({ kind: "version", version: 1 });
  expect(rollout).toMatchObject({ "promptgate.next": 0, "promptgate.stable": 1, "promptgate.holdback": 0 });
  const companion = shelf.existing("greeter_rollout");
  const newest = companion.versions.length;
  expect(companion.labels.get("production")?.target).toEqual({ kind: "version", version: newest });
  expect(JSON.parse(companion.versions.at(-1)?.serialized_value ?? "")).toMatchObject({
    promptgate: { release: { stable: "1.0.0", candidate: { weight: 0 } } },
  });
  await server.close();
}, 180_000);
