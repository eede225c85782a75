export { GateError } from "./domain/errors.ts";
