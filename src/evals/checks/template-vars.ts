import { templateVariables } from "../../domain/template.ts";
import { visibleLine } from "../../domain/visible.ts";
import { measured, quote, staticCheck, unmeasured } from "./check.ts";

const NAMED_CASES = 3;

export const templateVars = staticCheck(
  {},
  {
    summary:
      "Passes when every case supplies every variable that the prompt uses; the score is the share that does.",
    measure: async (_options, { candidate, cases }) => {
      const variables = templateVariables(candidate);
      const lacking: string[] = [];
      let total = 0;
      let incomplete = 0;
      for await (const { id, vars } of cases) {
        total += 1;
        const missing = variables.filter((name) => !Object.hasOwn(vars, name) || vars[name] === undefined);
        if (missing.length === 0) continue;
        incomplete += 1;
        if (lacking.length < NAMED_CASES)
          lacking.push(`${visibleLine(id, 40)} (${quote(missing.join(", "), 40)})`);
      }
      if (total === 0) return unmeasured("there is no case to look at");
      const others = incomplete > NAMED_CASES ? ` and ${incomplete - NAMED_CASES} more` : "";
      return measured(
        incomplete === 0,
        "get all its variables from every case",
        incomplete === 0 ? `them in all ${total} cases` : `them missing in ${lacking.join(", ")}${others}`,
        (total - incomplete) / total,
      );
    },
  },
);
