import { describe, expect, it } from "vitest";
import { refusal } from "../gate-checkout.ts";
import { batchGates, comparable, gateInAHurry, gateInBatches } from "./batch-gate.ts";

const { open, liveVerdict } = batchGates();

describe("a batch that expires", () => {
  it("keeps its answers and submits the rest again", async () => {
    const { server, made } = await open({
      script: (index) =>
        index === 0
          ? {
              end: "expired",
              outcome: (_, request) => (request < 50 ? { kind: "answer" } : { kind: "expire" }),
            }
          : {},
    });
    expect(await gateInBatches(made)).toBe(0);
    expect(server.batches.map(({ requests }) => requests.length)).toEqual([160, 110, 80]);
    expect(server.chats).toHaveLength(0);
    expect(comparable(made.printed())).toEqual(await liveVerdict());
  });

  it("gives up after three in a row, and tries again on the next command", async () => {
    let dead = true;
    const { server, made } = await open({
      script: () => (dead ? { end: "expired", outcome: () => ({ kind: "expire" }) } : {}),
    });
    expect(await refusal(gateInBatches(made))).toMatchObject({
      code: "TIMEOUT",
      message: "160 requests expired in 3 batches, one after another",
    });
    expect(server.batches).toHaveLength(3);
    dead = false;
    expect(await gateInBatches(made)).toBe(0);
    expect(server.batches).toHaveLength(5);
  });

  it("gives up on one that never ends", async () => {
    const { made } = await open({ script: () => ({ polls: 1e9 }) });
    expect(await refusal(gateInAHurry(made))).toMatchObject({
      code: "TIMEOUT",
      message: "batch batch_0 has not ended within 48 hours",
    });
  });
});

describe("a batch that is refused, cancelled or too large", () => {
  it("ends the run with the provider's words, and is submitted anew by the next command", async () => {
    let refuses = true;
    const { server, made } = await open({
      script: () =>
        refuses
          ? {
              end: "failed",
              errors: [{ code: "invalid_model", message: "The model\u0007 takes no batches" }],
            }
          : {},
    });
    expect(await refusal(gateInBatches(made))).toMatchObject({
      code: "PROVIDER_FAILED",
      message: "the provider refused a batch for generator: The model\\u{7} takes no batches",
    });
    refuses = false;
    expect(await gateInBatches(made)).toBe(0);
    expect(server.batches).toHaveLength(3);
  });

  it("keeps the answers of one that was cancelled at the provider", async () => {
    let cancels = true;
    const { server, made } = await open({
      script: () =>
        cancels
          ? {
              end: "cancelled",
              outcome: (_, index) => (index < 100 ? { kind: "answer" } : { kind: "silence" }),
            }
          : {},
    });
    expect(await refusal(gateInBatches(made))).toMatchObject({
      code: "PROVIDER_FAILED",
      message: "batch batch_0 was cancelled: 60 requests are open",
    });
    cancels = false;
    expect(await gateInBatches(made)).toBe(0);
    expect(server.batches.map(({ requests }) => requests.length)).toEqual([160, 60, 80]);
  });

  it("is halved until the provider takes it, and what follows waits its turn", async () => {
    let working = 0;
    const { server, made } = await open({
      script: (_, requests) => {
        if (requests.length > 50)
          return { end: "failed", errors: [{ code: "token_limit_exceeded", message: "too many" }] };
        working += 1;
        return { polls: 2 };
      },
    });
    expect(await gateInBatches(made)).toBe(0);
    expect(working).toBeGreaterThanOrEqual(6);
    expect(server.chats).toHaveLength(0);
    const accepted = server.batches.filter(({ requests }) => requests.length <= 50);
    expect(accepted.flatMap(({ requests }) => requests)).toHaveLength(240);
    expect(comparable(made.printed())).toEqual(await liveVerdict());
  });
});

describe("a batch that is completed before its files are named", () => {
  it("is looked at again, and not asked live", async () => {
    const { server, made } = await open({ script: () => ({ filesAfter: 3 }) });
    expect(await gateInBatches(made)).toBe(0);
    expect(server.chats).toHaveLength(0);
    expect(server.batches).toHaveLength(2);
  });
});
