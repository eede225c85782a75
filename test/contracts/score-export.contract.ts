import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textDigest } from "../../src/domain/digest.ts";
import type { Experiment, ExperimentAnswer, ScoreExport } from "../../src/domain/platform.ts";

/** What a person finds on the platform after an export, whatever the platform calls it. */
export interface FoundExperiment {
  readonly answers: readonly {
    readonly caseId: string;
    readonly output: string | null;
    /** By metric; what was unscored is absent. */
    readonly scores: Readonly<Record<string, number>>;
  }[];
}

interface OpenedExport {
  readonly scores: ScoreExport;
  /** The dataset that the cases of an export came from, with an item for each id. */
  readonly prepare: (dataset: string, ids: readonly string[]) => Promise<void>;
  readonly find: (experiment: Experiment) => Promise<FoundExperiment>;
  /** The next call that writes is done, and its answer is lost. */
  readonly loseAnswer: () => void;
  readonly cleanup: () => Promise<void>;
}

const never = new AbortController().signal;
const CASES = Array.from({ length: 7 }, (_, index) => `case-${index}`);

export function anAnswer(caseId: string, changes: Partial<ExperimentAnswer> = {}): ExperimentAnswer {
  return {
    caseId,
    sample: 0,
    input: { query: `about ${caseId}` },
    expected: "forty",
    output: `answer to ${caseId}`,
    scores: { price: 1, faithfulness: 0.5 },
    latencyMs: 812,
    costUsd: 0.0004,
    inputTokens: 12,
    outputTokens: 30,
    ...changes,
  };
}

export function anExperiment(changes: Partial<Experiment> = {}): Experiment {
  return {
    id: "greeter-1a2b3c4d5e6f/candidate",
    name: "greeter 1.1.0 candidate 0a1b2c3d4e5f",
    prompt: "greeter",
    side: "candidate",
    version: "1.1.0",
    digest: textDigest("1.1.0"),
    published: false,
    model: "generator",
    verdict: "pass",
    headline: "Not worse than production.",
    at: "2026-11-20T12:00:00.000Z",
    dataset: { name: "golden" },
    datasetDigest: textDigest("cases"),
    means: { price: 1, faithfulness: 0.5 },
    link: "https://github.example/acme/desk/actions/runs/7",
    answers: CASES.map((id) => anAnswer(id)),
    ...changes,
  };
}

/** Everything that the port promises; every platform that takes scores passes it. */
export function scoreExportContract(name: string, create: () => Promise<OpenedExport>): void {
  describe(`${name} keeps the promises of an export`, () => {
    let opened: OpenedExport;
    beforeAll(async () => {
      opened = await create();
      await opened.prepare("golden", CASES);
    });
    afterAll(async () => opened.cleanup());

    const expected = CASES.map((caseId) => ({
      caseId,
      output: `answer to ${caseId}`,
      scores: { price: 1, faithfulness: 0.5 },
    }));
    async function found(experiment: Experiment): Promise<unknown> {
      const { answers } = await opened.find(experiment);
      return answers.toSorted((left, right) => (left.caseId < right.caseId ? -1 : 1));
    }

    it("leaves each answer with its scores", async () => {
      const experiment = anExperiment();
      const exported = await opened.scores.write(experiment, never);
      expect(exported.answers).toBe(CASES.length);
      expect(exported.scores).toBeGreaterThanOrEqual(2 * CASES.length);
      expect(await found(experiment)).toEqual(expected);
    });

    it("leaves one of everything when it is repeated", async () => {
      const experiment = anExperiment();
      await opened.scores.write(experiment, never);
      await opened.scores.write(experiment, never);
      expect(await found(experiment)).toEqual(expected);
    });

    it("keeps both sides of a run apart", async () => {
      const baseline = anExperiment({
        id: "greeter-1a2b3c4d5e6f/baseline",
        name: "greeter 1.0.0 baseline 0f0e0d0c0b0a",
        side: "baseline",
        version: "1.0.0",
        answers: CASES.map((id) => anAnswer(id, { output: "old", scores: { price: 0 } })),
      });
      await opened.scores.write(baseline, never);
      expect(await found(baseline)).toEqual(
        CASES.map((caseId) => ({ caseId, output: "old", scores: { price: 0 } })),
      );
      expect(await found(anExperiment())).toEqual(expected);
    });

    it("writes no score where nothing was measured", async () => {
      const [id = ""] = CASES;
      const experiment = anExperiment({
        id: "greeter-ffffffffffff/candidate",
        name: "greeter 1.1.0 candidate ffffffffffff",
        answers: [anAnswer(id, { output: null, scores: { price: null, faithfulness: 0.25 } })],
        means: { price: null, faithfulness: 0.25 },
      });
      const { notes } = await opened.scores.write(experiment, never);
      expect(await found(experiment)).toEqual([{ caseId: id, output: null, scores: { faithfulness: 0.25 } }]);
      expect(notes.join()).toMatch(/no longer kept/);
    });

    it("is whole after a write whose answer was lost, and a repetition", async () => {
      const experiment = anExperiment({
        id: "greeter-eeeeeeeeeeee/candidate",
        name: "greeter 1.1.0 candidate eeeeeeeeeeee",
      });
      opened.loseAnswer();
      await opened.scores.write(experiment, never).catch(() => undefined);
      await opened.scores.write(experiment, never);
      expect(await found(experiment)).toEqual(expected);
    });

    it("takes answers to cases of a file", async () => {
      const experiment = anExperiment({
        id: "greeter-dddddddddddd/candidate",
        name: "greeter 1.1.0 candidate dddddddddddd",
        dataset: null,
      });
      await opened.scores.write(experiment, never);
      expect(await found(experiment)).toEqual(expected);
    });
  });
}
