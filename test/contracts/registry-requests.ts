import { afterEach, beforeEach } from "vitest";
import { aVersion } from "../registries/a-version.ts";
import type { MoveLabelRequest, Page, PageRequest, Registry } from "../../src/domain/registry.ts";

export interface Opened {
  readonly registry: Registry;
  readonly cleanup: () => Promise<void>;
}

export const prompt = "customer-support";

export function aMove(changes: Partial<MoveLabelRequest> = {}): MoveLabelRequest {
  return {
    prompt,
    label: "production",
    to: "1.0.0",
    expected: null,
    by: "Ada Lovelace <ada@example.com>",
    reason: "first release",
    ...changes,
  };
}

export async function allPages<Item>(list: (page: PageRequest) => Promise<Page<Item>>, limit: number) {
  const pages: (readonly Item[])[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Item> = await list({ limit, ...(cursor === null ? {} : { cursor }) });
    pages.push(page.items);
    cursor = page.next;
  } while (cursor !== null);
  return pages;
}

/** A new registry for each test of the surrounding `describe`. */
export function registryForEach(create: () => Promise<Opened>): {
  readonly registry: () => Registry;
  readonly publishAll: (...versions: string[]) => Promise<void>;
} {
  let opened: Opened;
  beforeEach(async () => {
    opened = await create();
  });
  afterEach(async () => opened.cleanup());
  return {
    registry: () => opened.registry,
    async publishAll(...versions) {
      for (const version of versions) {
        await opened.registry.publish(aVersion(version, `Text of ${version}.`));
      }
    },
  };
}
