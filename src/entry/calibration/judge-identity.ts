import { jsonDigest } from "../../domain/digest.ts";
import type { Calibration } from "../../domain/calibration.ts";
import type { Project } from "../../domain/project.ts";
import { judgesOf, type Rubric } from "../../domain/rubric.ts";
import { judgeFingerprint } from "../../evals/judge/judge-request.ts";
import { modelSettingsOf } from "../gate/resolve-versions.ts";

/** Who judges under a rubric: models, parameters, rubric and the judge's own version go into the fingerprint. */
export function judgeIdentity(project: Project, rubric: Rubric): NonNullable<Calibration["judge"]> {
  const settings = judgesOf(rubric).map((judge) => modelSettingsOf(project, { model: judge }));
  const fingerprints = settings.map(({ provider, model, baseUrl }) =>
    judgeFingerprint(rubric, { provider, model, baseUrl }),
  );
  const [only] = fingerprints;
  return {
    models: settings.map(({ provider, model }) => ({ provider, model })),
    fingerprint: only !== undefined && fingerprints.length === 1 ? only : jsonDigest(fingerprints),
  };
}
