import type { Digest } from "./digest.ts";
import type { ModelUse } from "./gate-result.ts";
import type { VerdictKind } from "./scores.ts";
import type { Tier } from "./tier.ts";
import type { Waiver } from "./waiver.ts";

/** As in the predicate test-result/v0.1; an undecided run is FAILED, and `verdict` says that it was undecided. */
type TestResult = "PASSED" | "WARNED" | "FAILED";

/** Mean scores of one metric as the gate saw them; null = not measured. */
export interface EvidenceScore {
  readonly name: string;
  readonly baseline: number | null;
  readonly candidate: number | null;
}

/** What a gate run showed about one version, bound by digests to everything that it was measured with. */
export interface GateEvidence {
  readonly prompt: string;
  /** Of the candidate's behaviour; the version's number may differ, the digest may not. */
  readonly digest: Digest;
  readonly version: string;
  readonly verdict: VerdictKind;
  readonly result: TestResult;
  readonly tier: { readonly declared: Tier | null; readonly required: Tier | null; readonly applied: Tier };
  readonly baseline: { readonly version: string; readonly digest: Digest } | null;
  readonly digests: {
    readonly dataset: Digest;
    readonly judges: Digest;
    readonly policy: Digest;
    /** Of the bytes of `result.json`. */
    readonly result: Digest;
  };
  /** False when a filter had chosen some of the dataset's cases. */
  readonly complete: boolean;
  readonly models: readonly ModelUse[];
  readonly scores: readonly EvidenceScore[];
  readonly waivers: readonly Waiver[];
  /** ISO 8601, UTC: when the verdict was reached, not when it was repeated. */
  readonly at: string;
  /** Version of promptgate that decided. */
  readonly promptgate: string;
  readonly passedTests: readonly string[];
  readonly warnedTests: readonly string[];
  readonly failedTests: readonly string[];
}

/** Somebody's leave for one state of a prompt to reach production. */
export interface SignOff {
  readonly prompt: string;
  readonly digest: Digest;
  readonly version: string;
  readonly by: { readonly name: string; readonly email: string };
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly reason: string;
}

/** One entry of `approvers`: who may sign off, and the key that proves it. */
export interface Approver {
  readonly name: string;
  readonly email: string;
  /** An ed25519 public key, see `isPublicKey`. */
  readonly key: string;
}

/** Whose attestations by GitHub count. */
export interface GitHubSigners {
  /** `OWNER/REPO/.github/workflows/FILE@refs/…`, at least one. */
  readonly workflows: readonly string[];
  /** Sigstore's trusted root as JSON, one or several a line. */
  readonly trustedRoot: string;
}

/** `OWNER/REPO` of a workflow. */
export function repositoryOf(workflow: string): string {
  return workflow.split("/").slice(0, 2).join("/");
}

/** What evidence must be like to count. */
export interface EvidenceSettings {
  /** Name -> ed25519 public key of who may sign evidence. */
  readonly keys: Readonly<Record<string, string>>;
  /** Null: none count. */
  readonly github: GitHubSigners | null;
  readonly require: "signed" | "any";
  /** Evidence and sign-offs that are older do not count. */
  readonly maxAgeMs: number;
}

// The DER of an ed25519 public key always begins with the same 12 bytes, which are 16 characters of base64.
const PUBLIC_KEY = /^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** Base64 of an ed25519 public key's SPKI form: the line between the first and last one of its PEM file. */
export function isPublicKey(text: string): boolean {
  return PUBLIC_KEY.test(text);
}
