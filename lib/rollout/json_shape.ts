/**
 * Checks the JSON and the queries of other machines: a shape is written as the value
 * itself, with a test in the place of each field that is used.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";

/** A test, a list of values of one shape, or fields; others may be there. */
export type Shape =
  | ((value: unknown) => boolean)
  | readonly [Shape]
  | { readonly [field: string]: Shape };

/**
 * Parses a value of the shape of `T`.
 * @param name Of the value, for the error: `list of shares`.
 * @throws {ProtocolError} If it is not one.
 */
export function parseJson<T>(bytes: Uint8Array, shape: Shape, name: string): T {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ProtocolError(`Cannot read ${name}: it is not JSON`, { cause });
  }
  checkShape(value, shape, name);
  return value as T;
}

/** @throws {ProtocolError} If a value does not have the shape. */
export function checkShape(value: unknown, shape: Shape, name: string): void {
  const fault = faultOf(value, shape);
  if (fault === undefined) return;
  const place = fault.length === 0 ? "it" : fault.join(".");
  throw new ProtocolError(`Cannot read ${name}: ${place} is malformed`);
}

/** The path of the first value that does not match; `undefined` if all do. */
function faultOf(value: unknown, shape: Shape): string[] | undefined {
  if (typeof shape === "function") return shape(value) ? undefined : [];
  const isList = Array.isArray(shape);
  if (typeof value !== "object" || value === null) return [];
  if (isList && !Array.isArray(value)) return [];
  for (const key of Object.keys(isList ? value : shape)) {
    const part = (shape as Record<string, Shape>)[isList ? 0 : key]!;
    const fault = faultOf((value as Record<string, unknown>)[key], part);
    if (fault !== undefined) return [key, ...fault];
  }
  return undefined;
}

/** True for `true` and `false`. */
export const isFlag: Shape = (value) => typeof value === "boolean";

/** True for any number. */
export const isNumber: Shape = (value) => typeof value === "number";

/** A whole number from 0 to `most`. */
export function whole(
  most: number = Number.MAX_SAFE_INTEGER,
  least = 0,
): Shape {
  return (value) =>
    Number.isInteger(value) && value as number >= least &&
    value as number <= most;
}

/** A text that matches. @default any text */
export function text(pattern: RegExp = /^/): Shape {
  return (value) => typeof value === "string" && pattern.test(value);
}

/** A number from 0 to `most` as decimal text; Number() reads an empty one as 0, and 0x10 as 16. */
export function decimal(most: number = Number.MAX_SAFE_INTEGER): Shape {
  return (value) =>
    typeof value === "string" && /^\d{1,16}(?:\.\d{1,9})?$/.test(value) &&
    Number(value) <= most;
}

/** One of several texts. */
export function oneOf(texts: readonly string[]): Shape {
  return (value) => texts.includes(value as string);
}

/** The shape, or no value. */
export function optional(shape: Shape): Shape {
  return (value) => value === undefined || faultOf(value, shape) === undefined;
}
