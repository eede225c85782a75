import type { ReleaseSource } from "../../src/client/index.ts";
import type { ReleaseDocument } from "../../src/domain/release.ts";
import { aVersion, SOME_TIME } from "../registries/a-version.ts";

export const prompt = "customer-support";
export const salt = `${prompt}.r7`;

/** 5 % of 1.1.0 beside 1.0.0. */
export function aRelease(changes: Partial<ReleaseDocument> = {}): ReleaseDocument {
  return {
    schema: "promptgate/release@1",
    prompt,
    stable: "1.0.0",
    candidate: { version: "1.1.0", weight: 5000, salt, hashVersion: 1 },
    holdback: null,
    generation: 1,
    updatedAt: new Date(SOME_TIME).toISOString(),
    ...changes,
  };
}

/** A source in memory whose documents and faults a test sets. */
export interface ScriptedSource extends ReleaseSource {
  release: unknown;
  /** By number; what is absent does not exist. */
  readonly versions: Map<string, unknown>;
  readonly labels: Map<string, string>;
  /** Thrown by every read. */
  fault: Error | null;
  /** Never answers, whatever the signal says. */
  hangs: boolean;
  /** Every read so far, e.g. `release`, `version 1.0.0`, `label production`. */
  readonly reads: string[];
}

export function scriptedSource(): ScriptedSource {
  async function answer<Value>(read: string, value: () => Value): Promise<Value> {
    source.reads.push(read);
    if (source.hangs) return new Promise<never>(() => {});
    if (source.fault !== null) throw source.fault;
    return value();
  }
  const source: ScriptedSource = {
    release: aRelease(),
    versions: new Map(
      ["1.0.0", "1.1.0", "1.2.0"].map((number) => [number, aVersion(number, `Text ${number}.`)]),
    ),
    labels: new Map([["production", "1.0.0"]]),
    fault: null,
    hangs: false,
    reads: [],
    readRelease: () => answer("release", () => source.release),
    readVersion: (_, reference) => {
      const number = reference.kind === "version" ? reference.version : null;
      const label = reference.kind === "label" ? reference.label : null;
      return answer(number === null ? `label ${label}` : `version ${number}`, () => {
        return source.versions.get(number ?? source.labels.get(label ?? "") ?? "") ?? null;
      });
    },
  };
  return source;
}

/** A clock that a test moves. */
export function movableClock(): { now: () => number; at: number } {
  const clock = { at: SOME_TIME, now: () => clock.at };
  return clock;
}

/** Lets everything that is under way and needs no timer and no network come to its end. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
