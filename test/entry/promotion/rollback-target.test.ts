import { describe, expect, it } from "vitest";
import { fc } from "../../properties.ts";
import type { Label, LabelMove } from "../../../src/domain/registry.ts";
import {
  badVersions,
  ROLLBACK_REASON,
  rollbackTarget,
  type RollbackView,
} from "../../../src/entry/promotion/rollback-target.ts";

/** A prompt whose `production` was moved by these events, each with its own hour. */
interface History {
  readonly view: RollbackView;
  promote(version: string): History;
  rollBack(): History;
}

function label(name: string, version: string): Label {
  return { name, version, since: "", by: "" };
}

function history(moves: readonly LabelMove[], rollback: string | null): History {
  const [last] = moves;
  const view: RollbackView = {
    release: null,
    labels: [
      ...(last === undefined ? [] : [label("production", last.to)]),
      ...(rollback === null ? [] : [label("rollback", rollback)]),
    ],
    moves,
    state: null,
    takenBack: [],
  };
  const moved = (to: string, reason: string, kept: string | null): History => {
    const sequence = moves.length + 1;
    const at = new Date(Date.UTC(2026, 0, 1) + sequence * 3_600_000).toISOString();
    const move = { sequence, label: "production", from: last?.to ?? null, to, at, by: "", reason };
    return history([move, ...moves], kept);
  };
  return {
    view,
    promote: (version) =>
      version === last?.to ? history(moves, rollback) : moved(version, "better", last?.to ?? rollback),
    rollBack() {
      const target = rollbackTarget(view);
      if (target.kind === "none" || target.to === last?.to) return history(moves, rollback);
      return moved(target.to, `${ROLLBACK_REASON}bad`, target.to);
    },
  };
}

const events = fc.array(fc.oneof(fc.constantFrom("1.0.0", "1.1.0", "1.2.0", "1.3.0"), fc.constant(null)), {
  maxLength: 30,
});

function run(steps: readonly (string | null)[]): History {
  return steps.reduce<History>(
    (made, step) => (step === null ? made.rollBack() : made.promote(step)),
    history([], null),
  );
}

describe("whatever happened before, a rollback", () => {
  it("never goes to a version that was taken back and not brought again", () => {
    fc.assert(
      fc.property(events, (steps) => {
        const { view } = run(steps);
        const target = rollbackTarget(view);
        if (target.kind !== "target" || target.from === null) return;
        expect(badVersions(view).has(target.to)).toBe(false);
        expect(target.to).not.toBe(target.from);
      }),
    );
  });

  it("goes only to what was in production", () => {
    fc.assert(
      fc.property(events, (steps) => {
        const { view } = run(steps);
        const target = rollbackTarget(view);
        const known = view.moves.map(({ to }) => to);
        expect(target.kind === "none" || known.includes(target.to)).toBe(true);
      }),
    );
  });

  it("changes nothing when it is repeated", () => {
    fc.assert(
      fc.property(events, (steps) => {
        const once = run([...steps, null]);
        expect(once.rollBack().view).toEqual(once.view);
      }),
    );
  });

  it("undoes the promotion before it, if what it replaced was good", () => {
    fc.assert(
      fc.property(events, fc.constantFrom("2.0.0"), (steps, version) => {
        const before = run(steps);
        const current = before.view.moves[0]?.to;
        if (current === undefined || badVersions(before.view).has(current)) return;
        expect(rollbackTarget(before.promote(version).view)).toMatchObject({
          kind: "target",
          to: current,
          from: version,
        });
      }),
    );
  });
});

describe("rollbackTarget", () => {
  it("knows nothing where nothing was in production", () => {
    expect(rollbackTarget(history([], null).view)).toEqual({
      kind: "none",
      reason: "nothing was ever in production",
    });
  });

  it("finishes what a promotion left half done: people have the former version still", () => {
    const { view } = history([], null).promote("1.0.0").promote("1.1.0");
    const release = {
      schema: "promptgate/release@1",
      prompt: "p",
      stable: "1.0.0",
      candidate: null,
      holdback: null,
      generation: 1,
      updatedAt: "",
    } as const;
    expect(rollbackTarget({ ...view, release })).toMatchObject({
      kind: "target",
      to: "1.0.0",
      from: "1.1.0",
    });
  });

  it("goes by the ledger where the history does not tell", () => {
    const { view } = history([], null).promote("1.0.0").promote("1.1.0").promote("1.2.0");
    const takenBack = [{ version: "1.1.0", at: "2026-12-01T00:00:00.000Z" }];
    expect(rollbackTarget({ ...view, takenBack })).toMatchObject({ to: "1.0.0" });
  });
});
