// Every fault at once: 20,000 model calls of many gates on a bad day, killed 50 times. Each gate must come to the verdict
// and the figures of an undisturbed one, or to no verdict; and every call and case must be accounted for.
import { isDeepStrictEqual } from "node:util";
import pLimit from "p-limit";
import { startOpenAiServer } from "../test/loopback/openai-server.ts";
import { noFaults, scriptFaults, shareOf, type FaultScript } from "../test/loopback/scripted-faults.ts";
import {
  aFaultProject,
  answerFromContext,
  measuredBy,
  runFaultGate,
  type FaultShape,
  type GateOutcome,
} from "../test/e2e/fault-run.ts";
import { startBadDay, type BadDay } from "./soak/bad-day.ts";
import { anOrdinaryPlace, onAFullDisk, writeJumpingClock, type Place } from "./soak/places.ts";

const CALLS = 20_000;
const KILLS = 50;
const CASES = 240;
const CONCURRENCY = 10;
const GATES_AT_ONCE = 12;
const OUTAGES_AT = [0.25, 0.6];
/** Runs of one command after which a gate without a verdict is a failure. */
const PATIENCE = 12;
/** Share of all cases that may lack a score: some calls meet a fault at every attempt. */
const MOST_UNSCORED = 0.02;

/** What makes a gate special beside the faults that all of them meet. */
const SPECIALTIES = ["two at once", "jumping clock", "lost case", "plain", "full disk"] as const;
type Specialty = (typeof SPECIALTIES)[number];

interface Reference {
  readonly outcome: GateOutcome;
  readonly distinct: number;
  readonly asked: number;
}

const failures: string[] = [];
function check(kept: boolean, sentence: string): void {
  if (!kept) failures.push(sentence);
}

/** Calls that were made and calls that were spared: how often an answer was asked for. */
function askedBy({ prompt }: GateOutcome): number {
  return (prompt?.usage.calls ?? 0) + (prompt?.usage.cachedCalls ?? 0);
}

const shapes = { equal: {}, worse: { worse: true } } as const satisfies Record<string, FaultShape>;
type Kind = keyof typeof shapes;

function shapeOf(kind: Kind): FaultShape {
  return { ...shapes[kind], judged: true, cases: CASES, timeout: "3s" };
}

/** The same question without a fault. */
async function undisturbed(kind: Kind): Promise<Reference> {
  const script = scriptFaults(answerFromContext, noFaults);
  const server = await startOpenAiServer({ reply: script.reply, keepRequests: false });
  const made = aFaultProject({ ...shapeOf(kind), baseUrl: server.baseUrl });
  try {
    const outcome = await runFaultGate(made, { args: ["-j", String(CONCURRENCY)] });
    if (outcome.prompt === null) throw new Error(`the undisturbed gate failed: ${outcome.stderr}`);
    return { outcome, distinct: script.distinct, asked: askedBy(outcome) };
  } finally {
    made.remove();
    await server.close();
  }
}

interface Gate {
  readonly name: string;
  readonly kind: Kind;
  readonly specialty: Specialty;
  readonly kills: number;
}

interface Tally {
  killed: number;
  runs: number;
  noVerdict: number;
  fullDisks: number;
  cases: number;
  unscored: number;
}

/** One command, killed after so many requests unless that is null. */
function attempt(day: BadDay, gate: Gate, place: Place, requestsToLive: number | null): Promise<GateOutcome> {
  return runFaultGate(place, {
    args: ["-j", String(CONCURRENCY)],
    ...(gate.specialty === "jumping clock"
      ? { environment: { NODE_OPTIONS: `--import=${writeJumpingClock(place.folder)}` } }
      : {}),
    started: (child) => {
      let left = requestsToLive ?? Infinity;
      day.onRequest.set(gate.name, () => {
        if (left <= 0) child.kill("SIGKILL");
        left -= 1;
      });
    },
  });
}

/** Runs the command again and again until it has a verdict that lacks nothing, as a job that is retried would. */
async function untilDecided(
  day: BadDay,
  gate: Gate,
  place: Place,
  { reference, tally }: { readonly reference: Reference; readonly tally: Tally },
): Promise<GateOutcome | null> {
  const expected = reference.outcome.exitCode;
  let kills = gate.kills;
  for (let run = 0; run < PATIENCE; run += 1) {
    const life = shareOf(`${gate.name} ${run}`) * (reference.distinct / (gate.kills + 2));
    const twice = gate.specialty === "two at once" && kills === 0;
    const outcomes = await Promise.all(
      Array.from({ length: twice ? 2 : 1 }, () =>
        attempt(day, gate, place, kills > 0 ? Math.floor(life) : null),
      ),
    );
    tally.runs += outcomes.length;
    for (const { exitCode, error, stderr } of outcomes) {
      check(
        exitCode === null || exitCode === expected || exitCode === 3 || exitCode === 4,
        `${gate.name}: exit code ${exitCode} where ${expected} was due: ${stderr.slice(-300)}`,
      );
      if (exitCode === null) {
        tally.killed += 1;
        kills -= 1;
      }
      if (exitCode === 3 || exitCode === 4) tally.noVerdict += 1;
      if (error?.code === "STORAGE_FAILED") {
        tally.fullDisks += 1;
        place.makeRoom();
      }
    }
    if (outcomes.every(({ exitCode }) => exitCode === expected)) return outcomes[0] ?? null;
  }
  return null;
}

/** What must hold of a gate that has come to its verdict. */
function account(
  day: BadDay,
  gate: Gate,
  outcome: GateOutcome,
  { reference, tally }: { readonly reference: Reference; readonly tally: Tally },
): void {
  const script = day.scripts.get(gate.name);
  const { used = 0, unscored = 0 } = outcome.prompt?.cases ?? {};
  tally.cases += used;
  tally.unscored += unscored;
  // A call in some hundreds meets a fault at each of its four attempts: its case is counted, and the others decide.
  if (unscored > 0 || gate.specialty === "lost case") {
    check(outcome.prompt?.verdict === reference.outcome.prompt?.verdict, `${gate.name}: another verdict`);
    return;
  }
  check(isDeepStrictEqual(measuredBy(outcome), measuredBy(reference.outcome)), `${gate.name}: other figures`);
  check(
    askedBy(outcome) === reference.asked,
    `${gate.name}: ${askedBy(outcome)} asked, not ${reference.asked}`,
  );
  check(
    script?.distinct === reference.distinct,
    `${gate.name}: ${script?.distinct} different calls answered, not ${reference.distinct}`,
  );
}

async function runGate(day: BadDay, gate: Gate, reference: Reference, tally: Tally): Promise<void> {
  if (gate.specialty === "lost case") day.lostCase.add(gate.name);
  const baseUrl = `http://127.0.0.1:${day.port}/v1/${gate.name}`;
  const made = aFaultProject({ ...shapeOf(gate.kind), baseUrl });
  const disk = gate.specialty === "full disk" ? onAFullDisk(made.folder) : null;
  try {
    if (gate.specialty === "full disk" && disk === null) {
      console.log(`${gate.name}: no full disk, this process may not mount one`);
    }
    const place = disk ?? anOrdinaryPlace(made.folder);
    const outcome = await untilDecided(day, gate, place, { reference, tally });
    // Without one answer a gate may stay without a verdict; with all of them it may not.
    check(
      outcome !== null || gate.specialty === "lost case",
      `${gate.name}: no verdict after ${PATIENCE} runs`,
    );
    if (outcome !== null) account(day, gate, outcome, { reference, tally });
  } finally {
    disk?.remove();
    made.remove();
  }
}

function gatesFor(perGate: number): Gate[] {
  const number = Math.ceil(CALLS / perGate);
  return Array.from({ length: number }, (_, index) => ({
    name: `gate-${index}`,
    kind: index % 2 === 0 ? "equal" : "worse",
    specialty: SPECIALTIES[Math.floor(index / 2) % SPECIALTIES.length] ?? "plain",
    kills: Math.floor(((index + 1) * KILLS) / number) - Math.floor((index * KILLS) / number),
  }));
}

const started = performance.now();
const references = { equal: await undisturbed("equal"), worse: await undisturbed("worse") };
const gates = gatesFor((references.equal.distinct + references.worse.distinct) / 2);
for (const [kind, { outcome, distinct }] of Object.entries(references)) {
  console.log(`undisturbed, ${kind} candidate: ${outcome.prompt?.verdict} after ${distinct} calls`);
}
console.log(`${gates.length} gates begin a bad day`);

const day = await startBadDay(OUTAGES_AT.map((share) => share * CALLS));
const tally: Tally = { killed: 0, runs: 0, noVerdict: 0, fullDisks: 0, cases: 0, unscored: 0 };
const limit = pLimit(GATES_AT_ONCE);
await Promise.all(gates.map((gate) => limit(() => runGate(day, gate, references[gate.kind], tally))));
await day.close();

const nowhere = aFaultProject({ baseUrl: "https://nowhere.invalid/v1" });
const unresolved = await runFaultGate(nowhere);
nowhere.remove();
check(unresolved.error?.code === "NETWORK", `an unknown host name: ${unresolved.error?.code}`);

const scripts = [...day.scripts.values()];
const sum = (of: (script: FaultScript) => number): number =>
  scripts.reduce((total, script) => total + of(script), 0);
const [answered, refused, distinct] = [
  sum((script) => script.answered),
  sum((script) => script.refused),
  sum((script) => script.distinct),
];
check(answered + refused === day.count(), "the server's count is not the sum of answers and faults");
check(answered >= CALLS * 0.99, `only ${answered} calls were answered`);
// Over all gates: of one that was decided after 35 cases a single case would be more than that.
check(
  tally.cases > 0 && tally.unscored <= MOST_UNSCORED * tally.cases,
  `${tally.unscored} of ${tally.cases} cases are unscored`,
);
check(tally.killed >= KILLS, `only ${tally.killed} gates were killed`);
check(day.outages() === OUTAGES_AT.length, `only ${day.outages()} outages`);
const twins = gates.filter(({ specialty }) => specialty === "two at once").length / gates.length;
// What was under way when a process ended is asked for again; two at once may both ask.
const repeatable = tally.runs * CONCURRENCY + twins * CALLS;
check(answered - distinct <= repeatable, `${answered - distinct} answers were paid for twice`);

console.log(
  `${day.count()} requests: ${answered} answers (${distinct} different), ${refused} faults; ${tally.runs} processes, ${tally.killed} killed, ${tally.noVerdict} without a verdict, ${tally.fullDisks} on a full disk, ${tally.unscored} of ${tally.cases} cases unscored, ${day.outages()} outages; ${((performance.now() - started) / 1000).toFixed(0)} s`,
);
for (const failure of failures.slice(0, 30)) console.log(`FAILED ${failure}`);
console.log(
  failures.length === 0 ? "every gate came to the verdict that was due" : `${failures.length} failures`,
);
process.exitCode = failures.length === 0 ? 0 : 1;
