import * as z from "zod";
import type { ToolCall } from "../../domain/model.ts";
import { expectation } from "./assertion-value.ts";
import { measured, outputCheck, quote } from "./check.ts";
import { schemaField, schemaProblem, schemaValidator } from "./json-schema.ts";
import { parseJson } from "./parse-json.ts";

export const toolCall = outputCheck(
  {
    name: z
      .string(expectation("a tool's name"))
      .min(1, "expected a tool's name")
      .describe("The tool's name."),
    arguments: schemaField.describe("JSON Schema that the call's arguments must conform to.").optional(),
    count: z
      .int("expected a whole number")
      .min(1, "expected 1 or more; use not-tool-call for none")
      .describe("How many such calls there must be, no more and no fewer; default one or more.")
      .optional(),
  },
  {
    summary: "Passes when the model called the tool `name` with arguments that conform to `arguments`.",
    rules: ({ arguments: schema }, report) => {
      const problem = schema === undefined ? null : schemaProblem(schema);
      if (problem !== null) report(["arguments"], problem);
    },
    prepare: ({ name, arguments: schema, count }) => {
      const problemOf = schema === undefined ? () => null : schemaValidator(schema);
      const callProblem = (call: ToolCall): string | null => {
        const parsed = parseJson(call.arguments);
        return parsed.kind === "invalid"
          ? `arguments that are no JSON: ${quote(call.arguments)}`
          : problemOf(parsed.value);
      };
      const expected = `call ${quote(name)}${count === undefined ? "" : ` ${count} times`}${schema === undefined ? "" : " with arguments that conform to the schema"}`;
      return ({ completion: { toolCalls } }) => {
        const calls = toolCalls.filter((call) => call.name === name);
        const problems = calls.map(callProblem);
        const good = problems.filter((problem) => problem === null).length;
        const others = quote(
          toolCalls
            .slice(0, 10)
            .map((call) => call.name)
            .join(", "),
        );
        const found =
          calls.length === 0
            ? toolCalls.length === 0
              ? "no tool call"
              : `calls of ${others}`
            : (problems.find((problem) => problem !== null) ?? `${good} such calls`);
        return measured(count === undefined ? good > 0 : good === count, expected, found);
      };
    },
  },
);
