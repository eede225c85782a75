import type { ModelSettings, Price } from "../../domain/project.ts";
import { isLocalProvider } from "../../models/index.ts";
import { publishedPrice } from "../../models/prices.ts";

/** What a provider on this machine costs. */
export const FREE: Price = { inputPerMillion: 0, outputPerMillion: 0 };

/** A price and where it is from: the config, nothing to pay, or the shipped table of a date. */
type KnownPrice =
  | { readonly kind: "configured" | "free"; readonly price: Price }
  | { readonly kind: "published"; readonly price: Price; readonly date: string };

/** What a model's tokens cost; null when nobody says. The config overrides the shipped table. */
export function priceOf(settings: ModelSettings): KnownPrice | null {
  if (settings.price !== undefined) return { kind: "configured", price: settings.price };
  if (isLocalProvider(settings.provider)) return { kind: "free", price: FREE };
  const published = publishedPrice(settings);
  return published === null ? null : { kind: "published", ...published };
}
