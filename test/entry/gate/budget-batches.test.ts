import { describe, expect, it } from "vitest";
import { createBudget, type BatchExpense, type Budget } from "../../../src/entry/gate/budget.ts";

function aBudget(usd: number, judgeReserve = 0): Budget {
  return createBudget({ usd, minutes: null, judgeReserve }, () => 0);
}

function anExpense(usd: number, fields: Partial<BatchExpense> = {}): BatchExpense {
  return { purpose: "generation", usd, paysJudges: false, submitted: false, ...fields };
}

const price = { inputPerMillion: 1, outputPerMillion: 1 };
const refused = expect.objectContaining({ code: "BUDGET_REACHED" }) as Error;

describe("money for a batch", () => {
  it("is kept as a whole or not at all", () => {
    const budget = aBudget(10);
    const first = budget.reserve(anExpense(6));
    expect(() => budget.reserve(anExpense(5))).toThrow(refused);
    first.release();
    expect(() => budget.reserve(anExpense(5))).not.toThrow();
  });

  it("becomes what the answers cost", () => {
    const budget = aBudget(10);
    const batch = budget.reserve(anExpense(8));
    batch.spend(4, 1);
    batch.spend(4, 1);
    batch.release();
    expect(() => budget.reserve(anExpense(8))).not.toThrow();
    expect(() => budget.reserve(anExpense(0.1))).toThrow(refused);
  });

  it("leaves live calls what it does not hold", () => {
    const budget = aBudget(10);
    budget.reserve(anExpense(10));
    const call = budget.admission(false);
    // The price of a call is not known before the first answer.
    call("generation", price)(null);
    budget.reserve(anExpense(1, { submitted: true }));
    expect(() => call("generation", price)).toThrow(refused);
  });

  it("is taken, whatever the limit, where the batch was submitted before", () => {
    const budget = aBudget(10);
    expect(() => budget.reserve(anExpense(50, { submitted: true }))).not.toThrow();
    expect(() => budget.reserve(anExpense(0.01))).toThrow(refused);
  });

  it("for answers stops at what is kept for judging them", () => {
    const budget = aBudget(10, 0.3);
    expect(() => budget.reserve(anExpense(8, { paysJudges: true }))).toThrow(
      "no verdict: the next batch is expected to cost $8, which the budget of $10 ($3 of it is kept for judging) does not hold",
    );
    budget.reserve(anExpense(7, { paysJudges: true }));
    expect(() => budget.reserve(anExpense(3, { purpose: "judge", paysJudges: true }))).not.toThrow();
  });

  it("cannot be counted once an answer came without its tokens", () => {
    const budget = aBudget(10);
    budget.reserve(anExpense(1)).spend(1, null);
    expect(() => budget.reserve(anExpense(1))).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }) as Error,
    );
  });
});
