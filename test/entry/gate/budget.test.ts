import { describe, expect, it } from "vitest";
import { fc } from "../../properties.ts";
import type { Completion } from "../../../src/domain/model.ts";
import { createBudget, type Budget } from "../../../src/entry/gate/budget.ts";
import type { Purpose } from "../../../src/evals/calls/usage.ts";

/** One dollar a token, so that the numbers of a test are dollars. */
const price = { inputPerMillion: 0, outputPerMillion: 1e6 };

function answer(dollars: number): Completion {
  return {
    text: "",
    toolCalls: [],
    finishReason: "stop",
    model: "m",
    usage: { inputTokens: 0, outputTokens: dollars },
    latencyMs: 1,
  };
}

function aBudget(limits: { usd?: number; minutes?: number; judgeReserve?: number }, now = () => 0): Budget {
  return createBudget({ usd: null, minutes: null, judgeReserve: 0, ...limits }, now);
}

/** Makes calls one after the other until one is refused; at most `limit`. */
function callsUntilRefusal(
  admit: () => (completion: Completion) => void,
  cost: number,
  limit = 1000,
): number {
  for (let calls = 0; calls < limit; calls += 1) {
    let settle;
    try {
      settle = admit();
    } catch {
      return calls;
    }
    settle(answer(cost));
  }
  return limit;
}

describe("a budget of money", () => {
  it("is never exceeded by calls that cost the same, one after the other", () => {
    const admit = aBudget({ usd: 10 }).admission(false);
    expect(callsUntilRefusal(() => admit("generation", price), 3)).toBe(3);
  });

  it("is shared by all prompts of a command", () => {
    const budget = aBudget({ usd: 10 });
    const [first, second] = [budget.admission(false), budget.admission(false)];
    expect(callsUntilRefusal(() => first("generation", price), 2, 3)).toBe(3);
    expect(callsUntilRefusal(() => second("generation", price), 2)).toBe(2);
  });

  it("keeps its reserve for judging", () => {
    const admit = aBudget({ usd: 10, judgeReserve: 0.3 }).admission(true);
    expect(callsUntilRefusal(() => admit("generation", price), 1)).toBe(7);
    expect(callsUntilRefusal(() => admit("judge", price), 1)).toBe(3);
  });

  it("keeps no reserve where judging costs nothing", () => {
    const admit = aBudget({ usd: 10, judgeReserve: 0.3 }).admission(false);
    expect(callsUntilRefusal(() => admit("generation", price), 1)).toBe(10);
  });

  it("says what is kept when answers have to stop", () => {
    const admit = aBudget({ usd: 10, judgeReserve: 0.3 }).admission(true);
    callsUntilRefusal(() => admit("generation", price), 1);
    expect(() => admit("generation", price)).toThrow(
      expect.objectContaining({
        code: "BUDGET_REACHED",
        message: "no verdict: the budget of $7 for answers ($3 of $10 is kept for judging them) is used up",
      }),
    );
  });

  it("takes a call under way for as dear as the dearest so far", () => {
    const admit = aBudget({ usd: 10 }).admission(false);
    admit("generation", price)(answer(3));
    const open = [admit("generation", price), admit("generation", price)];
    expect(() => admit("generation", price)).toThrow(/used up/);
    for (const settle of open) settle(null);
    expect(() => admit("generation", price)).not.toThrow();
  });

  it("does not count what is free", () => {
    const admit = aBudget({ usd: 1 }).admission(false);
    const free = { inputPerMillion: 0, outputPerMillion: 0 };
    expect(callsUntilRefusal(() => admit("generation", free), 5, 50)).toBe(50);
  });

  it.each<[string, Completion, typeof price | undefined]>([
    ["usage", { ...answer(1), usage: null }, price],
    ["price", answer(1), undefined],
  ])("refuses to go on without a known %s", (_, completion, known) => {
    const admit = aBudget({ usd: 10 }).admission(false);
    admit("generation", known)(completion);
    expect(() => admit("generation", price)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });

  it("is exceeded at most by the calls under way, and not at all when all cost the same", () => {
    const steps = fc.array(
      fc.record({
        purpose: fc.constantFrom<Purpose>("generation", "judge"),
        cost: fc.integer({ min: 1, max: 20 }),
        ends: fc.integer({ min: 0, max: 4 }),
      }),
      { maxLength: 100 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 21, max: 300 }), fc.boolean(), (script, usd, isEven) => {
        const admit = aBudget({ usd, judgeReserve: 0.3 }).admission(true);
        const open: { readonly cost: number; readonly end: () => void }[] = [];
        let ended = 0;
        const end = (count: number): void => {
          for (const call of open.splice(0, count)) {
            call.end();
            ended += call.cost;
          }
        };
        if (isEven) for (const purpose of ["generation", "judge"] as const) admit(purpose, price)(answer(7));
        const before = isEven ? 14 : 0;
        for (const { purpose, cost: drawn, ends } of script) {
          const cost = isEven ? 7 : drawn;
          let settle;
          try {
            settle = admit(purpose, price);
          } catch {
            break;
          }
          expect(before + ended).toBeLessThan(usd);
          open.push({ cost, end: () => settle(answer(cost)) });
          const promised = isEven ? before + ended + 7 * open.length : 0;
          expect(promised).toBeLessThanOrEqual(usd);
          end(ends);
        }
      }),
    );
  });
});

describe("a budget of minutes", () => {
  it("refuses calls when the time is over", () => {
    let now = 5_000;
    const admit = aBudget({ minutes: 1 }, () => now).admission(false);
    expect(() => admit("judge", price)).not.toThrow();
    now += 59_999;
    expect(() => admit("judge", price)).not.toThrow();
    now += 1;
    expect(() => admit("judge", price)).toThrow(
      expect.objectContaining({
        code: "BUDGET_REACHED",
        message: "no verdict: the budget of 1 minute is used up",
      }),
    );
  });
});
