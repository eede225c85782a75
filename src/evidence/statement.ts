import type { Digest } from "../domain/digest.ts";

/** The form that in-toto gives to every statement about something with a digest. */
interface Statement {
  readonly _type: typeof STATEMENT_TYPE;
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly predicateType: string;
  readonly predicate: unknown;
}

export const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";

/** One of the things that a statement names, as in-toto's ResourceDescriptor. */
export interface Resource {
  readonly name: string;
  readonly digest: { readonly sha256: string };
  readonly uri?: string;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

const PREFIX = "sha256:";

/** `sha256:…` as in-toto writes it. */
export function digestSet(digest: Digest): { readonly sha256: string } {
  return { sha256: digest.slice(PREFIX.length) };
}

/** And back. */
export function digestOf({ sha256 }: { readonly sha256: string }): Digest {
  return `${PREFIX}${sha256}`;
}

/** The text of a statement about one state of a prompt. */
export function renderStatement(
  subject: { readonly prompt: string; readonly digest: Digest },
  predicateType: string,
  predicate: object,
): string {
  const statement: Statement = {
    _type: STATEMENT_TYPE,
    subject: [{ name: subject.prompt, digest: digestSet(subject.digest) }],
    predicateType,
    predicate,
  };
  return `${JSON.stringify(statement, null, 2)}\n`;
}
