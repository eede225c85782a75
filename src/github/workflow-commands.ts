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

/** After the workflow command format: a percent sign and line ends cannot end the message. */
function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** One workflow command that shows a message beside a line of a file. */
export function annotationCommand({ level, title, message, file, line }: Annotation): string {
  const place = file === null ? [] : [`file=${escapeProperty(visible(file))}`];
  const lines = file === null || line === null ? [] : [`line=${Math.max(1, line)}`];
  const properties = [...place, ...lines, `title=${escapeProperty(visible(title))}`].join(",");
  return `::${level} ${properties}::${escapeData(visible(message.slice(0, LONGEST)))}`;
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

/** Hides a secret in everything that the job prints from here on; the runner masks each line of it. */
export function maskCommand(secret: string): string {
  return `::add-mask::${escapeData(secret)}`;
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

/** One record of the file that `GITHUB_OUTPUT` names. `delimiter` is random, so that no value can end the record. */
export function outputRecord(name: string, value: string, delimiter: string): string {
  if (value.includes(delimiter)) throw new RangeError("the delimiter is part of the value");
  return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
}
