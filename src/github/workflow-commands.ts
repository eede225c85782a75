import { error, info, notice, setSecret, warning } from "@actions/core";
import { visible } from "../domain/visible.ts";

export type AnnotationLevel = "error" | "warning" | "notice";

export interface Annotation {
  readonly level: AnnotationLevel;
  /** Own words. */
  readonly title: string;
  /** May hold anything: it is escaped. */
  readonly message: string;
  /** Relative to the workspace, with `/`; null = the run as a whole. */
  readonly file: string | null;
  /** From 1. */
  readonly line: number | null;
}

/** The runner shows so many annotations of each level and step, and cuts messages at 4,096 characters. */
const SHOWN = 10;
const LONGEST = 2_000;

const print = { error, warning, notice } as const satisfies Record<AnnotationLevel, typeof error>;

/**
 * Shows a message beside a line of a file. The toolkit keeps texts from ending their command; what a terminal or a bidi
 * mark would do is made visible before.
 */
export function annotate({ level, title, message, file, line }: Annotation): void {
  print[level](visible(message.slice(0, LONGEST)), {
    title: visible(title),
    ...(file === null ? {} : { file: visible(file) }),
    ...(file === null || line === null ? {} : { startLine: Math.max(1, line) }),
  });
}

/** As many as the runner shows; what is left out of a level is counted in its last one. */
export function shownAnnotations(annotations: readonly Annotation[]): Annotation[] {
  return (["error", "warning", "notice"] as const).flatMap((level) => {
    const own = annotations.filter((annotation) => annotation.level === level);
    if (own.length <= SHOWN) return own;
    const rest = own.length - SHOWN + 1;
    const last: Annotation = {
      level,
      title: "promptgate",
      message: `and ${rest} more: the job summary has all of them`,
      file: null,
      line: null,
    };
    return [...own.slice(0, SHOWN - 1), last];
  });
}

/**
 * Text that the runner prints as it stands. It reads commands from both output streams, `::name::` at the beginning of a
 * line and `##[name]` anywhere in it: an invisible space keeps what a prompt or a model wrote from being one.
 */
export function inertLog(text: string): string {
  return text
    .replace(/[\0-\x08\v\f\x0e-\x1f\x7f]/g, "\ufffd")
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, "\n")
    .replace(/^(\s*):(?=:)/gm, "$1:\u200b")
    .replace(/##\[/g, "##\u200b[");
}

/** Prints lines of text for people; the toolkit itself prints them as they are. */
export function printLog(text: string): void {
  info(inertLog(text));
}

/** Short ones would hide half of the log. */
const LEAST_SECRET = 8;

/** Hides secrets in everything that the job prints from here on: as they are and as headers carry them. */
export function maskSecrets(secrets: readonly string[]): void {
  for (const secret of secrets.filter(({ length }) => length >= LEAST_SECRET)) {
    // The second one is git's.
    const carried = [secret, `x-access-token:${secret}`].map((text) => Buffer.from(text).toString("base64"));
    for (const form of [secret, ...carried]) setSecret(form);
  }
}
