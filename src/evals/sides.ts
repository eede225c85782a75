import type { Case } from "../domain/case.ts";
import type { Digest } from "../domain/digest.ts";
import { GateError } from "../domain/errors.ts";
import type { ModelRequest } from "../domain/model.ts";
import type { PromptTemplate } from "../domain/prompt.ts";
import { renderMessages } from "../domain/template.ts";
import { visibleLine } from "../domain/visible.ts";
import type { Answer } from "./answer.ts";

export type SideName = "baseline" | "candidate";

/** One of the two versions under comparison, as something that answers cases. */
export interface Side {
  readonly name: SideName;
  /** How many samples of a case count, at least 1. */
  samples(id: string): number;
  generate(testCase: Case, sample: number): Promise<Answer>;
}

/** A version and how often its model answers each case. */
export interface SampledVersion {
  readonly template: PromptTemplate;
  readonly repeat: number;
  /** Number of the first sample: answers under other numbers are other answers. */
  readonly firstSample: number;
}

/** A version that is asked through its model, `repeat` times a case. */
export function modelSide(
  name: SideName,
  { template, repeat, firstSample }: SampledVersion,
  ask: (request: ModelRequest) => Promise<Answer>,
): Side {
  const { modelParameters, responseFormat, jsonSchema, tools } = template;
  return {
    name,
    samples: () => repeat,
    generate: (testCase, sample) =>
      ask({
        messages: renderMessages(template, testCase.vars, testCase.id),
        parameters: modelParameters,
        responseFormat,
        ...(jsonSchema === undefined ? {} : { jsonSchema }),
        tools,
        sample: firstSample + sample,
      }),
  };
}

/** Outputs that an application produced earlier. */
export interface StoredOutputs {
  readonly file: string;
  readonly digest: Digest;
  /** Samples of a case, numbered from 0; 0 = the file does not know the case. */
  samples(id: string): number;
  /** Null when the file has no such sample. */
  read(id: string, sample: number): Promise<Omit<Answer, "cached"> | null>;
}

/** A version whose outputs are given. A missing output is no measurement: the case stays unscored. */
export function storedSide(name: SideName, outputs: StoredOutputs): Side {
  return {
    name,
    samples: (id) => Math.max(1, outputs.samples(id)),
    generate: async (testCase, sample) => {
      const stored = await outputs.read(testCase.id, sample);
      if (stored === null) {
        throw new GateError(
          "INCOMPATIBLE",
          `${outputs.file} has no output for case ${visibleLine(testCase.id)}, sample ${sample}`,
          { hint: "add the missing outputs, or gate without --outputs" },
        );
      }
      // Its latency was measured when the application ran, so it is as fresh as this side can be.
      return { ...stored, cached: false };
    },
  };
}
