import { describe, expect, it } from "vitest";
import { calibrationRecordFile, readCalibrationRecord } from "../../src/config/calibration-record.ts";
import { aFolder } from "./project-folder.ts";

describe("a calibration record", () => {
  it.each([
    [null, "faithfulness", "rubrics/calibration/faithfulness.record.json"],
    [null, "../../etc/passwd", "rubrics/calibration/..%2F..%2Fetc%2Fpasswd.record.json"],
    ["rubrics/calibration/faithfulness.jsonl", "x", "rubrics/calibration/faithfulness.record.json"],
    ["labels.jsonl", "x", "labels.record.json"],
    ["labels", "x", "labels.record.json"],
  ])("of labels %j and rubric %j is %s", (calibration, name, expected) => {
    expect(calibrationRecordFile({ name, calibration })).toBe(expected);
  });

  it.each<[string, Record<string, string>, object]>([
    ["missing", {}, { kind: "missing" }],
    ["empty", { "labels.record.json": "" }, { kind: "unusable", reason: "labels.record.json is no JSON" }],
    [
      "of another kind",
      { "labels.record.json": '{"schema":"promptgate/aa@1"}' },
      { kind: "unusable", reason: "labels.record.json is no calibration record (schema)" },
    ],
  ])("that is %s is none", async (_, files, expected) => {
    const rubric = { name: "x", calibration: "labels.jsonl" };
    expect(await readCalibrationRecord(aFolder(files), rubric)).toEqual(expected);
  });

  it("outside of the project is not read", async () => {
    const folder = aFolder({ "labels.record.json": "{}", "project/promptgate.yaml": "" });
    const rubric = { name: "x", calibration: "../labels.jsonl" };
    expect(await readCalibrationRecord(`${folder}/project`, rubric)).toMatchObject({
      kind: "unusable",
      reason: expect.stringContaining("lies outside the project") as string,
    });
  });
});
