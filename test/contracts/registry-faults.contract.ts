import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Registry } from "../../src/domain/registry.ts";
import type { ReleaseDocument } from "../../src/domain/release.ts";
import type { PlatformFault } from "../loopback/platform-server.ts";
import { aVersion } from "../registries/a-version.ts";
import { aMove, prompt } from "./registry-requests.ts";

/** A registry on a platform that goes wrong as it is told. */
export interface FaultySubject {
  /** For messages: `langfuse`. */
  readonly vendor: string;
  /** Must never reach a message. */
  readonly secret: string;
  /** Another writer with settings of its own. */
  readonly open: (changes?: {
    readonly timeoutMs?: number;
    readonly wait?: (milliseconds: number) => Promise<unknown>;
  }) => Registry;
  readonly fail: (call: RegExp, fault: PlatformFault, times?: number) => void;
  /** The calls that make a version and that put a label in its place. */
  readonly creates: RegExp;
  readonly points: RegExp;
  /** How many versions the platform has of a prompt, and of its companion. */
  readonly stored: (of: "prompt" | "companion") => number;
  readonly close: () => Promise<void>;
}

export const status = (code: number, body: string, headers = {}): PlatformFault => ({
  kind: "status",
  status: code,
  body,
  headers,
});

const html = "<html><body>Sign in</body></html>";

/** What people and platforms do at the worst moment: nothing is lost, doubled or told wrong. */
export function registryFaultsContract(start: () => Promise<FaultySubject>): void {
  let subject: FaultySubject;
  let registry: Registry;
  beforeEach(async () => {
    subject = await start();
    registry = subject.open();
  });
  afterEach(async () => subject.close());

  async function publish(...versions: string[]): Promise<void> {
    for (const version of versions) await registry.publish(aVersion(version, `Text of ${version}.`));
  }

  describe("a call to the platform that fails", () => {
    it.each([
      ["401", (secret: string) => status(401, `{"message":"Invalid key ${secret}"}`), "AUTHENTICATION"],
      ["403", () => status(403, "Forbidden"), "AUTHENTICATION"],
      ["409", () => status(409, '{"message":"dependency"}'), "REGISTRY_FAILED"],
      ["422", () => status(422, '{"message":"Request timed out"}'), "REGISTRY_FAILED"],
      ["429", () => status(429, '{"code":"rate_limited"}', { "retry-after": "1" }), "RATE_LIMITED"],
      ["500", () => status(500, "Internal Server Error"), "REGISTRY_FAILED"],
      ["a page instead of JSON", () => status(200, html), "REGISTRY_FAILED"],
      ["other JSON", () => status(200, '{"data":"none"}'), "REGISTRY_FAILED"],
      ["a redirection", () => status(302, "", { location: "http://127.0.0.1:1/" }), "REGISTRY_FAILED"],
      ["an answer that ends in the middle", () => ({ kind: "cut" }), "NETWORK"],
      ["a connection that breaks", () => ({ kind: "reset" }), "NETWORK"],
      ["silence", () => ({ kind: "silence" }), "TIMEOUT"],
    ] satisfies [string, (secret: string) => PlatformFault, string][])(
      "with %s says so in every read and write",
      async (_, faultOf, code) => {
        const { secret, vendor } = subject;
        await publish("1.0.0");
        const fault = faultOf(secret);
        if (fault.kind === "silence") registry = subject.open({ timeoutMs: 150 });
        subject.fail(/./, fault, 1000);
        const failures = await Promise.all(
          [
            registry.readVersion(prompt, { kind: "latest" }),
            registry.moveLabel(aMove()),
            registry.readRelease(prompt),
          ].map((call) => (call as Promise<unknown>).catch((error: unknown) => error)),
        );
        for (const failure of failures) {
          expect(failure).toMatchObject({ name: "GateError", code, hint: expect.any(String) as string });
          const words = `${(failure as Error).message} ${(failure as { hint: string }).hint}`;
          expect(words).toContain(vendor);
          expect(words).not.toContain(secret);
          expect(words.length).toBeLessThan(600);
        }
      },
    );

    it.each([
      ["429 with a time to wait", status(429, "{}", { "retry-after": "7" }), [7000, 7000]],
      ["503", status(503, html), [500, 1000]],
      ["a broken connection", { kind: "reset" }, [500, 1000]],
    ] satisfies [string, PlatformFault, number[]][])(
      "with %s is asked again, and waits",
      async (_, fault, expected) => {
        const waits: number[] = [];
        registry = subject.open({ wait: async (milliseconds) => void waits.push(milliseconds) });
        await publish("1.0.0");
        subject.fail(/^GET /, fault, 2);
        expect(await registry.readVersion(prompt, { kind: "latest" })).toMatchObject({ version: "1.0.0" });
        expect(waits).toEqual(expected);
      },
    );

    it.each([
      ["500", { kind: "done", status: 500 }],
      ["half an answer", { kind: "cut" }],
    ] satisfies [string, PlatformFault][])(
      "with %s after it was done is looked up, not done twice",
      async (_, fault) => {
        subject.fail(subject.creates, fault);
        await publish("1.0.0", "1.1.0");
        expect(subject.stored("prompt")).toBe(2);
        subject.fail(subject.creates, fault);
        subject.fail(subject.points, fault, 2);
        expect(await registry.moveLabel(aMove())).toMatchObject({ sequence: 1, to: "1.0.0" });
        expect(await registry.listLabels(prompt)).toMatchObject([{ name: "production", version: "1.0.0" }]);
        expect(subject.stored("companion")).toBe(1);
      },
    );
  });

  describe("others at work on the platform", () => {
    beforeEach(async () => publish("1.0.0", "1.1.0", "1.2.0"));

    // 200 races on each platform, in several histories: what is asked for grows with their length.
    it.each([1, 2, 3, 4, 5, 6, 7, 8])("lose no move in 25 races, %i of 8", async () => {
      const second = subject.open();
      await registry.moveLabel(aMove());
      let current = "1.0.0";
      for (let race = 0; race < 25; race += 1) {
        const [one, other] = ["1.0.0", "1.1.0", "1.2.0"].filter((version) => version !== current) as [
          string,
          string,
        ];
        const outcomes = await Promise.allSettled([
          registry.moveLabel(aMove({ to: one, expected: current })),
          second.moveLabel(aMove({ to: other, expected: current })),
        ]);
        const won = outcomes.flatMap((outcome, at) =>
          outcome.status === "fulfilled" ? [[one, other][at]] : [],
        );
        expect(won).toHaveLength(1);
        const labels = await registry.listLabels(prompt);
        expect(labels.map(({ version }) => version)).toEqual(won);
        current = won[0] ?? "";
      }
      const { items } = await subject.open().history(prompt, { limit: 1000 });
      expect(items).toHaveLength(26);
    });

    it("let one of several simultaneous releases win, and applications read that one", async () => {
      const documents = [1000, 2000, 3000].map((weight): ReleaseDocument => ({
        schema: "promptgate/release@1",
        prompt,
        stable: "1.0.0",
        candidate: { version: "1.1.0", weight, salt: "customer-support.r1", hashVersion: 1 },
        holdback: null,
        generation: 1,
        updatedAt: "2026-11-20T12:00:00.000Z",
      }));
      const writers = documents.map((document) =>
        subject.open().writeRelease({ document, expected: null, by: "job", reason: "step" }),
      );
      const outcomes = await Promise.allSettled(writers);
      const won = documents.filter((_, at) => outcomes[at]?.status === "fulfilled");
      expect(won).toHaveLength(1);
      expect(await registry.readRelease(prompt)).toEqual(won[0]);
    });
  });
}
