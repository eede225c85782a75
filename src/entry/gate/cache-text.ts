import type { Pruned } from "../../evals/calls/cache-prune.ts";

const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

/** `12.3 MB`, in powers of 1000. */
export function bytesText(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`;
}

/** What a pruning of the cache freed. */
export function prunedText({ removed }: Pruned): string {
  const { answers, temporaryFiles, bytes } = removed;
  const files = temporaryFiles === 1 ? "1 temporary file" : `${temporaryFiles} temporary files`;
  const left = temporaryFiles === 0 ? "" : ` and ${files} of processes that died`;
  return `freed ${bytesText(bytes)}: ${answers} ${answers === 1 ? "answer" : "answers"}${left}`;
}
