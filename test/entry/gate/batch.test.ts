import { afterEach, describe, expect, it } from "vitest";
import { aBatchGate, comparable, timed } from "./batch-gate.ts";

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

describe("a gate in batches", () => {
  it("draws the verdict of live calls, with the same scores", async () => {
    const live = await aBatchGate({}, {}, cleanups);
    await live.made.gate({ cache: false });
    const { server, made } = await aBatchGate({}, {}, cleanups);
    const { batchTiming } = timed(made);
    expect(await made.gate({ cache: false, batch: true, batchTiming })).toBe(0);
    expect(server.batches).toHaveLength(2);
    expect(server.chats).toHaveLength(0);
    expect(comparable(made.printed())).toEqual(comparable(live.made.printed()));
    const usage = made.printed().prompts[0]?.usage;
    expect(usage).toMatchObject({ calls: server.batches.flatMap(({ requests }) => requests).length });
  });
});
