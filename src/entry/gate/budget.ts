import { GateError } from "../../domain/errors.ts";
import type { Price } from "../../domain/project.ts";
import type { Settle } from "../../evals/calls/retrying-call.ts";
import { callCost, type Purpose } from "../../evals/calls/usage.ts";

export interface BudgetLimits {
  /** US dollars; null = no limit. */
  readonly usd: number | null;
  readonly minutes: number | null;
  /** Share of the money that is kept for judging what was generated, in [0,1). */
  readonly judgeReserve: number;
}

/** Asked before every attempt, which it refuses by throwing; told of the answer when the attempt has ended. */
export type Admission = (purpose: Purpose, price: Price | undefined) => Settle;

/** What a batch is expected to cost, decided about before it is submitted. */
export interface BatchExpense {
  readonly purpose: Purpose;
  /** US dollars. */
  readonly usd: number;
  readonly paysJudges: boolean;
  /** It was submitted earlier: the money is gone, whatever the limit. */
  readonly submitted: boolean;
}

/** Money that is kept for a batch until its answers are there. */
interface Reservation {
  /** One answer: `kept` US dollars less are kept, `costUsd` more are spent. */
  spend(kept: number, costUsd: number | null): void;
  /** Nothing more will come of it. */
  release(): void;
}

/** What one command may spend, on all its prompts together. */
export interface Budget {
  readonly limits: BudgetLimits;
  /** Keeps the money for a batch, or refuses it whole with `BUDGET_REACHED`. */
  reserve(expense: BatchExpense): Reservation;
  /** For one prompt's run; `paysJudges`: some judge costs money, so that a part is kept for judging. */
  admission(paysJudges: boolean): Admission;
}

interface Account {
  /** US dollars of the calls that were answered; null = a provider did not say what a call used. */
  spent: number | null;
  underWay: number;
  /** US dollars kept for batches. */
  reserved: number;
  /** US dollars of the dearest call so far: what each call under way is taken to cost. */
  dearest: number;
}

function dollars(usd: number): string {
  return `$${Number(usd.toFixed(6))}`;
}

function reached(limit: string): GateError {
  return new GateError("BUDGET_REACHED", `no verdict: the budget of ${limit} is used up`, {
    hint: "raise the budget and run the same command again: answers that were paid for are kept",
  });
}

function known({ spent }: Account, limit: number): number {
  if (spent !== null) return spent;
  throw new GateError(
    "CONFIG_INVALID",
    `cannot hold a budget of ${dollars(limit)}: an answer came without the number of tokens that it used`,
    { hint: "limit the minutes instead of the money, or use a server that reports usage" },
  );
}

function reserveIn(account: Account, usd: number): Reservation {
  account.reserved += usd;
  let left = usd;
  const free = (amount: number): void => {
    const freed = Math.min(left, amount);
    left -= freed;
    account.reserved -= freed;
  };
  return {
    spend: (kept, costUsd) => {
      free(kept);
      account.spent = account.spent === null || costUsd === null ? null : account.spent + costUsd;
    },
    release: () => free(left),
  };
}

/** What a limit says to a batch that it does not hold; `kept`: for judging. */
function tooDear(limit: number, usd: number, kept: number): GateError {
  const reserve = kept === 0 ? "" : ` (${dollars(kept)} of it is kept for judging)`;
  return new GateError(
    "BUDGET_REACHED",
    `no verdict: the next batch is expected to cost ${dollars(usd)}, which the budget of ${dollars(limit)}${reserve} does not hold`,
    { hint: "raise the budget, or gate without --batch, which goes as far as the money does" },
  );
}

/**
 * Holds the limits for one command. An attempt is refused with `BUDGET_REACHED` when it, the calls under way and what was
 * spent could together exceed them, each open call at the price of the dearest one so far. So the money is exceeded by
 * nothing but calls under way that cost more than any before. `monotonic`: milliseconds of a clock that never jumps.
 */
export function createBudget(limits: BudgetLimits, monotonic: () => number): Budget {
  const { usd, minutes, judgeReserve } = limits;
  const start = monotonic();
  const accounts: Record<Purpose, Account> = {
    generation: { spent: 0, underWay: 0, reserved: 0, dearest: 0 },
    judge: { spent: 0, underWay: 0, reserved: 0, dearest: 0 },
  };

  /** Whether `next` US dollars fit into `limit` beside what these accounts hold. */
  function fits(limit: number, next: number, counted: readonly Purpose[]): boolean {
    const spent = counted.reduce((sum, name) => sum + known(accounts[name], limit), 0);
    const open = counted.reduce((sum, name) => {
      const { underWay, dearest, reserved } = accounts[name];
      return sum + underWay * dearest + reserved;
    }, 0);
    return spent < limit && spent + open + next <= limit;
  }

  function checkBatch(limit: number, { purpose, usd: next, paysJudges }: BatchExpense): void {
    const kept = purpose === "generation" && paysJudges ? limit * judgeReserve : 0;
    const holds = fits(limit, next, ["generation", "judge"]);
    if (holds && (kept === 0 || fits(limit - kept, next, ["generation"]))) return;
    throw tooDear(limit, next, kept);
  }

  function checkMoney(limit: number, purpose: Purpose, paysJudges: boolean): void {
    const next = accounts[purpose].dearest;
    if (!fits(limit, next, ["generation", "judge"])) throw reached(dollars(limit));
    if (purpose === "judge" || !paysJudges) return;
    const kept = limit * judgeReserve;
    if (fits(limit - kept, next, ["generation"])) return;
    throw reached(
      `${dollars(limit - kept)} for answers (${dollars(kept)} of ${dollars(limit)} is kept for judging them)`,
    );
  }

  return {
    limits,
    reserve: (expense) => {
      if (usd !== null && !expense.submitted) checkBatch(usd, expense);
      return reserveIn(accounts[expense.purpose], expense.usd);
    },
    admission: (paysJudges) => (purpose, price) => {
      if (minutes !== null && monotonic() - start >= minutes * 60_000)
        throw reached(minutes === 1 ? "1 minute" : `${minutes} minutes`);
      const isFree = price !== undefined && price.inputPerMillion === 0 && price.outputPerMillion === 0;
      if (isFree) return () => undefined;
      if (usd !== null) checkMoney(usd, purpose, paysJudges);
      const account = accounts[purpose];
      account.underWay += 1;
      return (completion) => {
        account.underWay -= 1;
        if (completion === null) return;
        const cost = callCost(completion.usage, price);
        account.spent = account.spent === null || cost === null ? null : account.spent + cost;
        account.dearest = Math.max(account.dearest, cost ?? 0);
      };
    },
  };
}
