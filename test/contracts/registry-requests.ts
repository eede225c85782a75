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
