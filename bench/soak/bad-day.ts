import { setTimeout as wait } from "node:timers/promises";
import { startOpenAiServer, type SeenRequest } from "../../test/loopback/openai-server.ts";
import { mixedFaults, scriptFaults, type FaultScript } from "../../test/loopback/scripted-faults.ts";
import { answerFromContext } from "../../test/e2e/fault-run.ts";

const OUTAGE_MS = 500;
/** A case that some gates never get an answer for. */
const LOST_CASE = "article 7 cost";

/** A model behind one port, with a path, a script of faults and a kill switch for every gate. */
export interface BadDay {
  readonly port: number;
  close(): Promise<void>;
  readonly scripts: Map<string, FaultScript>;
  readonly onRequest: Map<string, () => void>;
  readonly lostCase: Set<string>;
  readonly count: () => number;
  readonly outages: () => number;
}

/** Starts the model; it is gone for a while each time so many requests have come in. */
export async function startBadDay(outagesAt: readonly number[]): Promise<BadDay> {
  const scripts = new Map<string, FaultScript>();
  const onRequest = new Map<string, () => void>();
  const lostCase = new Set<string>();
  let count = 0;
  let outages = 0;
  const scriptOf = (gate: string): FaultScript => {
    const known = scripts.get(gate);
    if (known !== undefined) return known;
    const made = scriptFaults(answerFromContext, (key, attempt) =>
      lostCase.has(gate) && key.includes(LOST_CASE) ? { kind: "reset" } : mixedFaults(gate + key, attempt),
    );
    scripts.set(gate, made);
    return made;
  };
  const reply = (request: SeenRequest) => {
    const gate = request.url.split("/")[2] ?? "";
    count += 1;
    onRequest.get(gate)?.();
    if (count >= (outagesAt[outages] ?? Infinity)) {
      outages += 1;
      void breakDown();
    }
    return scriptOf(gate).reply(request);
  };
  let server = await startOpenAiServer({ reply, keepRequests: false });
  const { port } = server;
  const breakDown = async (): Promise<void> => {
    await server.close();
    await wait(OUTAGE_MS);
    server = await startOpenAiServer({ reply, keepRequests: false, port });
  };
  return {
    port,
    close: () => server.close(),
    scripts,
    onRequest,
    lostCase,
    count: () => count,
    outages: () => outages,
  };
}
