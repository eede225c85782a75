// The client over 10 million units: what it serves, and how many times a second of processor time from memory.
import { createPromptClient, type ReleaseSource } from "../src/client/index.ts";
import { bucket } from "../src/rollout/bucketing.ts";

const UNITS = 10_000_000;
const ROUND = 1_000_000;
const BOUND = 1_000_000;
const SLICES = 20;
/** The 99.9 % quantile of chi-square with 19 degrees of freedom. */
const CHI_SQUARE_BOUND = 43.82;
const prompt = "support-triage";
const salt = "support-triage.r7";

function sourceAt(weight: number): ReleaseSource {
  const template = {
    messages: [{ role: "system", content: "Hello {{name}}." }],
    model: "a-model",
    modelParameters: {},
    responseFormat: "text",
    tools: [],
  };
  return {
    readRelease: async () => ({
      schema: "promptgate/release@1",
      prompt,
      stable: "1.0.0",
      candidate: { version: "1.1.0", weight, salt, hashVersion: 1 },
      holdback: null,
      generation: 1,
    }),
    readVersion: async (name, reference) =>
      reference.kind === "version" ? { name, version: reference.version, template } : null,
  };
}

async function clientAt(weight: number) {
  const client = createPromptClient({ source: sourceAt(weight), environment: {}, telemetry: null });
  await client.getPrompt(prompt);
  return client;
}

const [low, middle, high] = await Promise.all([clientAt(5000), clientAt(25_000), clientAt(50_000)]);
const slices = new Float64Array(SLICES);
const rates: number[] = [];
let broken = 0;
for (let start = 0; start < UNITS; start += ROUND) {
  const inLow = new Uint8Array(ROUND);
  const begin = process.cpuUsage();
  for (let index = 0; index < ROUND; index++) {
    inLow[index] = low.peek(prompt, { unit: `user-${start + index}` })?.variant === "canary" ? 1 : 0;
  }
  const { user, system } = process.cpuUsage(begin);
  rates.push(ROUND / ((user + system) / 1e6));
  for (let index = 0; index < ROUND; index++) {
    const unit = `user-${start + index}`;
    const position = bucket(salt, unit);
    slices[Math.floor(position / (100_000 / SLICES))]! += 1;
    const inMiddle = middle.peek(prompt, { unit })?.variant === "canary";
    const inHigh = high.peek(prompt, { unit })?.variant === "canary";
    if (inLow[index] === 1 && !inMiddle) broken += 1;
    if (inMiddle && !inHigh) broken += 1;
    if ((inLow[index] === 1) !== position < 5000) broken += 1;
  }
}
const expected = UNITS / SLICES;
const chiSquare = slices.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
const best = Math.max(...rates);
const median = rates.toSorted((left, right) => left - right)[rates.length >> 1] ?? Number.NaN;
console.log(`${UNITS} units; out of order between 5, 25 and 50 %: ${broken} (bound 0)`);
console.log(`chi-square over ${SLICES} slices: ${chiSquare.toFixed(1)} (bound ${CHI_SQUARE_BOUND})`);
console.log(
  `from memory, a second of processor time: best ${best.toFixed(0)}, median ${median.toFixed(0)} (bound ${BOUND}, best of 10)`,
);
process.exitCode = broken === 0 && chiSquare < CHI_SQUARE_BOUND && best >= BOUND ? 0 : 1;
