import { createHash } from "node:crypto";
import type { Reply, SeenRequest } from "./openai-server.ts";

/** Shares of all attempts, as an unlucky provider has them: 10 % limited, 5 % failing, 2 % reset, 1 % silent, 5 % bad bodies. */
const FAULTS: readonly { readonly share: number; readonly reply: Reply }[] = [
  { share: 0.1, reply: { kind: "status", status: 429, headers: { "retry-after": "0.05" } } },
  { share: 0.05, reply: { kind: "status", status: 500, body: "upstream is sad" } },
  { share: 0.02, reply: { kind: "reset" } },
  { share: 0.01, reply: { kind: "silence" } },
  { share: 0.02, reply: { kind: "cut" } },
  { share: 0.02, reply: { kind: "status", status: 200, body: '{"choices":[{"mess' } },
  // Slower than any deadline of a test.
  { share: 0.01, reply: { kind: "drip", everyMs: 500 } },
];

/** A script of faults and what it did so far. */
export interface FaultScript {
  readonly reply: (request: SeenRequest) => Reply;
  /** Attempts that got a whole answer. */
  readonly answered: number;
  /** Attempts that got a fault. */
  readonly refused: number;
  /** Different requests that got a whole answer. */
  readonly distinct: number;
}

/** A number in [0,1) that a text decides: the same in every run. */
export function shareOf(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE() / 2 ** 32;
}

function faultAt(share: number): Reply | null {
  let upTo = 0;
  for (const fault of FAULTS) {
    upTo += fault.share;
    if (share < upTo) return fault.reply;
  }
  return null;
}

/** Faults by the text of a request and the number of the attempt, so that no run is luckier than another. */
export function mixedFaults(key: string, attempt: number): Reply | null {
  return faultAt(shareOf(`${key} ${attempt}`));
}

/** No fault at all. */
export function noFaults(): null {
  return null;
}

/** Puts faults before the answers of a model. `fault` gets the request's text and the attempt's number from 0. */
export function scriptFaults(
  answer: (request: SeenRequest) => Reply,
  fault: (key: string, attempt: number) => Reply | null,
): FaultScript {
  const attempts = new Map<string, number>();
  const distinct = new Set<string>();
  let answered = 0;
  let refused = 0;
  return {
    reply: (request) => {
      const key = JSON.stringify([request.body.model, request.body.messages]);
      const attempt = attempts.get(key) ?? 0;
      attempts.set(key, attempt + 1);
      const trouble = fault(key, attempt);
      if (trouble !== null) {
        refused += 1;
        return trouble;
      }
      answered += 1;
      distinct.add(key);
      return answer(request);
    },
    get answered() {
      return answered;
    },
    get refused() {
      return refused;
    },
    get distinct() {
      return distinct.size;
    },
  };
}
