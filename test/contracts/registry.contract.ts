import { describe, expect, it } from "vitest";
import { promptDigest } from "../../src/domain/prompt.ts";
import { aTemplate, aVersion } from "../registries/a-version.ts";
import { releaseContract } from "./registry-release.contract.ts";
import { labelContract } from "./registry-labels.contract.ts";
import { allPages, aMove, prompt, registryForEach, type Opened } from "./registry-requests.ts";

interface RegistryLimits {
  /** Why its prompts have names of lowercase letters, digits, `-` and `_` alone. */
  readonly plainNames?: string;
}

/** Everything that the port promises; every registry passes it, the fake of the tests included. */
export function registryContract(
  name: string,
  create: () => Promise<Opened>,
  { plainNames }: RegistryLimits = {},
): void {
  labelContract(name, create);
  releaseContract(name, create);
  describe(`${name} keeps the promises of a registry`, () => {
    const { registry, publishAll } = registryForEach(create);

    it("is empty at first", async () => {
      expect(await registry().listPrompts()).toEqual({ items: [], next: null });
      expect(await registry().listVersions(prompt)).toEqual({ items: [], next: null });
      expect(await registry().listLabels(prompt)).toEqual([]);
      expect(await registry().history(prompt)).toEqual({ items: [], next: null });
      expect(await registry().readVersion(prompt, { kind: "latest" })).toBeNull();
    });

    describe("versions", () => {
      it("gives back what was published, in every detail", async () => {
        const template = aTemplate({
          messages: [
            { role: "system", content: 'Grüße, 世界 👋 \u202e\u0007\n\ttabs and "quotes" \\ {{name}}' },
            { role: "assistant", content: "" },
          ],
          modelParameters: { temperature: 0, topP: 0.5, maxTokens: 10, seed: 7, stop: ["\n"] },
          responseFormat: "json_schema",
          jsonSchema: { type: "object", properties: { b: { type: "string" }, a: { enum: [1, null, "x"] } } },
          tools: [{ name: "look_up", description: "Looks up", parameters: { type: "object" } }],
        });
        const version = {
          ...aVersion("1.0.0"),
          description: "What it is for",
          metadata: { owner: "support", nested: { list: [1, 2] } },
          template,
          digest: promptDigest(template),
        };
        expect(await registry().publish(version)).toEqual({ version, created: true });
        expect(await registry().readVersion(prompt, { kind: "version", version: "1.0.0" })).toEqual(version);
      });

      it("does nothing when the same content is published again, and keeps the first author", async () => {
        const first = aVersion("1.0.0", "Same.");
        await registry().publish(first);
        const again = await registry().publish({ ...first, author: "Somebody else", changeReason: "other" });
        expect(again).toEqual({ version: first, created: false });
      });

      it("refuses other content under a version that exists, and leaves it untouched", async () => {
        const first = aVersion("1.0.0", "First.");
        await registry().publish(first);
        await expect(registry().publish(aVersion("1.0.0", "Second."))).rejects.toMatchObject({
          code: "VERSION_EXISTS",
        });
        expect(await registry().readVersion(prompt, { kind: "version", version: "1.0.0" })).toEqual(first);
      });

      it("accepts the same content under a further version", async () => {
        await registry().publish(aVersion("1.0.0", "Same."));
        expect((await registry().publish(aVersion("1.0.1", "Same."))).created).toBe(true);
      });

      it("does not follow changes of the object that was published", async () => {
        const version = aVersion("1.0.0", "Before.");
        await registry().publish(version);
        (version.template.messages[0] as { content: string }).content = "After.";
        const stored = await registry().readVersion(prompt, { kind: "version", version: "1.0.0" });
        expect(stored?.template.messages[0]?.content).toBe("Before.");
      });

      it("refuses a digest that is not the template's", async () => {
        const version = { ...aVersion("1.0.0", "One."), digest: aVersion("1.0.0", "Two.").digest };
        await expect(registry().publish(version)).rejects.toMatchObject({ code: "PROMPT_INVALID" });
        expect(await registry().listVersions(prompt)).toEqual({ items: [], next: null });
      });

      it("calls the highest version number the latest, whatever was published last", async () => {
        await publishAll("1.9.0", "1.10.0", "1.2.0");
        expect((await registry().readVersion(prompt, { kind: "latest" }))?.version).toBe("1.10.0");
      });

      it("reads null where there is nothing", async () => {
        await publishAll("1.0.0");
        expect(await registry().readVersion(prompt, { kind: "version", version: "1.0.1" })).toBeNull();
        expect(await registry().readVersion(prompt, { kind: "label", label: "production" })).toBeNull();
        expect(await registry().readVersion("unknown", { kind: "latest" })).toBeNull();
      });
    });

    describe("listings", () => {
      it("order prompts by name and keep them apart", async () => {
        const [capital, dotted] = plainNames === undefined ? ["Bee", "a.b_c-1"] : ["a-a", "a-b_c-1"];
        for (const one of ["zebra", "ant", capital, dotted]) {
          await registry().publish(aVersion("1.0.0", one, one));
        }
        expect((await registry().listPrompts()).items).toEqual([capital, dotted, "ant", "zebra"]);
        expect((await registry().listVersions("ant")).items).toHaveLength(1);
      });

      it("order versions by number, newest first", async () => {
        await publishAll("2.0.0", "10.0.0", "1.0.10", "1.0.9");
        const { items } = await registry().listVersions(prompt);
        expect(items.map((item) => item.version)).toEqual(["10.0.0", "2.0.0", "1.0.10", "1.0.9"]);
      });

      it("come in pages that hold every entry once", async () => {
        const versions = Array.from({ length: 105 }, (_, index) => `1.${index}.0`);
        await publishAll(...versions);
        const first = await registry().listVersions(prompt);
        expect(first.items).toHaveLength(100);
        expect(first.next).not.toBeNull();
        const pages = await allPages((page) => registry().listVersions(prompt, page), 10);
        expect(pages.map((page) => page.length)).toEqual([...Array.from({ length: 10 }, () => 10), 5]);
        expect(pages.flat().map((item) => item.version)).toEqual(versions.toReversed());
        const whole = await allPages((page) => registry().listVersions(prompt, page), 105);
        expect(whole).toHaveLength(1);
      });

      it("neither repeat nor lose an entry when another one appears between two pages", async () => {
        await publishAll("1.0.0", "1.1.0", "1.2.0", "1.3.0");
        const first = await registry().listVersions(prompt, { limit: 2 });
        await publishAll("1.4.0");
        const second = await registry().listVersions(prompt, { limit: 2, cursor: first.next ?? "" });
        expect(second.items.map((item) => item.version)).toEqual(["1.1.0", "1.0.0"]);
        expect(second.next).toBeNull();
      });

      it.each([0, -1, 1.5, 1001, Number.NaN])("refuse a limit of %s", async (limit) => {
        await publishAll("1.0.0");
        await expect(registry().listVersions(prompt, { limit })).rejects.toMatchObject({ code: "USAGE" });
      });

      it.each(["", "2", "../../etc/passwd", "bW92ZXMgMQ"])("refuse the foreign cursor %j", async (cursor) => {
        await publishAll("1.0.0");
        await expect(registry().listVersions(prompt, { cursor })).rejects.toMatchObject({ code: "USAGE" });
      });
    });

    describe("names", () => {
      if (plainNames !== undefined) {
        it.each(["Bee", "a.b"])(`cannot be %j: ${plainNames}`, async (one) => {
          await expect(registry().publish(aVersion("1.0.0", "Text.", one))).rejects.toMatchObject({
            code: "PROMPT_INVALID",
          });
          expect(await registry().listPrompts()).toEqual({ items: [], next: null });
        });
      }

      const hostile = [
        "",
        ".",
        "..",
        "../up",
        "a/b",
        "a\\b",
        "a\0b",
        "-a",
        "a.",
        "a..b",
        "ä",
        "x".repeat(129),
      ];

      it.each(hostile)("refuses the prompt name %j everywhere", async (name) => {
        const usage = { code: "USAGE" };
        await expect(registry().publish(aVersion("1.0.0", "Text.", name))).rejects.toMatchObject(usage);
        await expect(registry().listVersions(name)).rejects.toMatchObject(usage);
        await expect(registry().listLabels(name)).rejects.toMatchObject(usage);
        await expect(registry().history(name)).rejects.toMatchObject(usage);
        await expect(registry().readVersion(name, { kind: "latest" })).rejects.toMatchObject(usage);
        await expect(registry().moveLabel(aMove({ prompt: name }))).rejects.toMatchObject(usage);
      });

      it.each(["", "Production", "a/b", "-a", "a-", "a b", "x".repeat(65)])(
        "refuses the label name %j",
        async (label) => {
          await publishAll("1.0.0");
          await expect(registry().moveLabel(aMove({ label }))).rejects.toMatchObject({ code: "USAGE" });
          await expect(registry().readVersion(prompt, { kind: "label", label })).rejects.toMatchObject({
            code: "USAGE",
          });
        },
      );

      it.each(["", "1", "1.0", "v1.0.0", "01.0.0", "1.0.0-rc.1", "../1.0.0"])(
        "refuses the version number %j",
        async (version) => {
          await expect(registry().publish(aVersion(version, "Text."))).rejects.toMatchObject({
            code: "USAGE",
          });
          await expect(registry().readVersion(prompt, { kind: "version", version })).rejects.toMatchObject({
            code: "USAGE",
          });
        },
      );

      it("refuses two prompts that differ only in case", async () => {
        await registry().publish(aVersion("1.0.0", "Text.", "support"));
        await expect(registry().publish(aVersion("1.0.0", "Text.", "Support"))).rejects.toMatchObject({
          code: "PROMPT_INVALID",
        });
        expect(await registry().readVersion("Support", { kind: "latest" })).toBeNull();
      });
    });
  });
}
