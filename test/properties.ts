import * as fc from "fast-check";

// The same commit draws the same examples wherever it is tested; the nightly run draws others.
fc.configureGlobal({ seed: Number(process.env["PROPERTY_SEED"] || 20_261_121) });

export * as fc from "fast-check";
