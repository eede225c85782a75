import { describe, expect, it } from "vitest";
import { publishedPrice } from "../../src/models/prices.ts";

describe("the table of published prices", () => {
  it("gives a price with the day that it was read", () => {
    expect(publishedPrice({ provider: "openai", model: "gpt-4o-mini-2024-07-18" })).toEqual({
      price: { inputPerMillion: 0.15, outputPerMillion: 0.6 },
      date: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/) as string,
    });
  });

  it("holds for the service's own address when it is written out", () => {
    expect(
      publishedPrice({ provider: "openai", model: "gpt-5-mini", baseUrl: "https://api.openai.com/v1" }),
    ).not.toBeNull();
  });

  it.each([
    ["another model", { provider: "openai", model: "gpt-4o-mini-of-tomorrow" }],
    ["a model named like a property", { provider: "openai", model: "constructor" }],
    ["another provider", { provider: "embedded", model: "gpt-4o-mini" }],
    ["another seller", { provider: "openai", model: "gpt-4o-mini", baseUrl: "https://example.com/v1" }],
    [
      "a lookalike",
      { provider: "openai", model: "gpt-4o-mini", baseUrl: "https://api.openai.com.example.com" },
    ],
    [
      "a region with its own tariff",
      { provider: "openai", model: "gpt-5", baseUrl: "https://eu.api.openai.com/v1" },
    ],
  ])("has nothing for %s", (_, settings) => {
    expect(publishedPrice(settings)).toBeNull();
  });
});
