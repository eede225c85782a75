import { describe, expect, it } from "vitest";
import { metricsLine } from "../../src/client/adapters.ts";
import { createPromptClient, type ServeEvent } from "../../src/client/index.ts";
import { readRequestLine } from "../../src/metrics/request-line.ts";
import { movableClock, prompt, scriptedSource } from "./a-source.ts";

const at = new Date("2026-11-20T10:00:00Z");

async function anEvent(unit: string | null): Promise<ServeEvent> {
  const events: ServeEvent[] = [];
  const client = createPromptClient({
    source: scriptedSource(),
    clock: movableClock(),
    environment: {},
    telemetry: null,
    onServe: (event) => events.push(event),
  });
  await client.getPrompt(prompt, { unit });
  return events[0]!;
}

describe("metricsLine", () => {
  it("is one line of the jsonl metrics source", async () => {
    const outcome = {
      at,
      scores: { quality: 0.8, tone: null },
      error: false,
      latencyMs: 812,
      costUsd: 0.0004,
    };
    const line = metricsLine(await anEvent("user-1\n"), outcome);
    expect(line.split("\n")).toHaveLength(2);
    expect(JSON.parse(line)).toEqual({
      at: "2026-11-20T10:00:00.000Z",
      prompt,
      version: "1.0.0",
      unit: "user-1\n",
      scores: { quality: 0.8, tone: null },
      error: false,
      latencyMs: 812,
      costUsd: 0.0004,
    });
    expect(readRequestLine(line)).toMatchObject({
      prompt,
      version: "1.0.0",
      unit: "user-1\n",
      at: at.getTime(),
    });
  });

  it("leaves out what was not measured", async () => {
    const line = metricsLine(await anEvent(null), { at });
    expect(JSON.parse(line)).toEqual({ at: "2026-11-20T10:00:00.000Z", prompt, version: "1.0.0" });
  });

  it.each([
    { latencyMs: Number.NaN },
    { costUsd: Number.POSITIVE_INFINITY },
    { scores: { quality: Number.NaN } },
  ])("refuses %j, which JSON would turn into no measurement", async (outcome) => {
    const event = await anEvent("user-1");
    expect(() => metricsLine(event, { at, ...outcome })).toThrow(RangeError);
  });
});
