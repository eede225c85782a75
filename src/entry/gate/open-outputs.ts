import { openOutputs, type OutputsFile } from "../../config/outputs.ts";
import { GateError } from "../../domain/errors.ts";
import type { Dataset } from "../../domain/project.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { SideName } from "../../evals/sides.ts";

export type OpenedOutputs = Readonly<Partial<Record<SideName, OutputsFile>>>;

/** The files of `--outputs`: `FILE` for the candidate, `baseline=FILE` for the baseline. The caller closes them. */
export async function openStoredOutputs(directory: string, given: readonly string[]): Promise<OpenedOutputs> {
  const outputs: Partial<Record<SideName, OutputsFile>> = {};
  for (const argument of given) {
    const [, named, file = ""] = /^(?:(baseline|candidate)=)?(.*)$/s.exec(argument) ?? [];
    const side: SideName = named === "baseline" ? "baseline" : "candidate";
    if (outputs[side] !== undefined) throw new GateError("USAGE", `--outputs names the ${side} twice`);
    outputs[side] = await openOutputs(directory, file);
  }
  if (outputs.baseline !== undefined && outputs.candidate === undefined) {
    throw new GateError("USAGE", "--outputs baseline=… goes with --outputs FILE for the candidate");
  }
  return outputs;
}

/** One sentence per file that holds outputs of no case. */
export function foreignOutputWarnings(outputs: OpenedOutputs, { entries }: Dataset): string[] {
  const known = new Set(entries.map(({ id }) => id));
  return Object.values(outputs).flatMap((file) => {
    const foreign = Array.from(file.ids()).filter((id) => !known.has(id));
    const [first = ""] = foreign;
    const count = foreign.length === 1 ? "1 output belongs" : `${foreign.length} outputs belong`;
    return foreign.length === 0
      ? []
      : [`${visibleLine(file.file)}: ${count} to no case of the dataset, e.g. ${visibleLine(first, 60)}`];
  });
}
