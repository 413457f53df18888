// Types of the @std modules that the project imports. The npm build in the import
// map has none. The signatures are those of the modules on JSR, so the import map
// can switch to JSR without other changes.

declare module "@std/assert" {
  export class AssertionError extends Error {}
  export function assert(
    condition: unknown,
    message?: string,
  ): asserts condition;
  type Comparison = <T>(actual: T, expected: T, message?: string) => void;
  export const assertEquals: Comparison;
  export const assertNotEquals: Comparison;
  export const assertGreater: Comparison;
  export const assertGreaterOrEqual: Comparison;
  export const assertLess: Comparison;
  export const assertLessOrEqual: Comparison;
  type Match<T> = (actual: string, expected: T, message?: string) => void;
  export const assertMatch: Match<RegExp>;
  export const assertNotMatch: Match<RegExp>;
  export const assertStringIncludes: Match<string>;
  export function assertObjectMatch(
    actual: object,
    expected: object,
    message?: string,
  ): void;
  export function assertStrictEquals<T>(
    actual: unknown,
    expected: T,
    message?: string,
  ): asserts actual is T;
  export function assertAlmostEquals(
    actual: number,
    expected: number,
    tolerance?: number,
    message?: string,
  ): void;
  export function assertInstanceOf<T>(
    actual: unknown,
    expected: abstract new (...args: never[]) => T,
    message?: string,
  ): asserts actual is T;
  export function assertThrows<E extends Error = Error>(
    fn: () => unknown,
    ErrorClass: abstract new (...args: never[]) => E,
    messageIncludes?: string,
    message?: string,
  ): E;
  export function assertRejects<E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    ErrorClass: abstract new (...args: never[]) => E,
    messageIncludes?: string,
    message?: string,
  ): Promise<E>;
  export function fail(message?: string): never;
}

declare module "@std/async/abortable" {
  export function abortable<T>(p: Promise<T>, signal: AbortSignal): Promise<T>;
}

declare module "@std/async/delay" {
  export function delay(
    ms: number,
    options?: { signal?: AbortSignal; persistent?: boolean },
  ): Promise<void>;
}

declare module "@std/async/deadline" {
  export function deadline<T>(
    promise: Promise<T>,
    ms: number,
    options?: { signal?: AbortSignal },
  ): Promise<T>;
}

declare module "@std/bytes/concat" {
  export function concat(
    buffers: readonly Uint8Array[],
  ): Uint8Array<ArrayBuffer>;
}

declare module "@std/bytes/equals" {
  export function equals(one: Uint8Array, other: Uint8Array): boolean;
}

declare module "@std/cli/parse-args" {
  export function parseArgs(
    args: readonly string[],
    options?: {
      boolean?: string | readonly string[];
      string?: string | readonly string[];
      collect?: string | readonly string[];
      alias?: Record<string, string | readonly string[]>;
      unknown?: (arg: string, key?: string, value?: unknown) => unknown;
    },
  ): { _: (string | number)[]; [key: string]: unknown };
}

declare module "@std/crypto/timing-safe-equal" {
  export function timingSafeEqual(
    a: ArrayBufferView | ArrayBufferLike,
    b: ArrayBufferView | ArrayBufferLike,
  ): boolean;
}

declare module "@std/encoding/base32" {
  export function decodeBase32(source: string): Uint8Array<ArrayBuffer>;
}

declare module "@std/encoding/hex" {
  export function encodeHex(source: string | Uint8Array | ArrayBuffer): string;
  export function decodeHex(source: string): Uint8Array<ArrayBuffer>;
}

declare module "@std/fmt/colors" {
  export function stripAnsiCode(text: string): string;
}

declare module "@std/html/entities" {
  export function unescape(text: string): string;
  export function escape(text: string): string;
}

declare module "@std/http/status" {
  export const STATUS_TEXT: Readonly<Record<number, string>>;
}

declare module "@std/media-types/content-type" {
  export function contentType(extensionOrType: string): string | undefined;
}

declare module "@std/path/posix" {
  export const SEPARATOR: string;
  export function basename(path: string, suffix?: string): string;
  export function dirname(path: string): string;
  export function fromFileUrl(url: string | URL): string;
  export function isAbsolute(path: string): boolean;
  export function globToRegExp(
    glob: string,
    options?: { extended?: boolean },
  ): RegExp;
  export function join(...paths: string[]): string;
  export function relative(from: string, to: string): string;
  export function resolve(...paths: string[]): string;
  export function toFileUrl(path: string): URL;
}

declare module "@std/path/windows" {
  export * from "@std/path/posix";
}

declare module "@std/streams/text-line-stream" {
  export class TextLineStream extends TransformStream<string, string> {}
}

declare module "@std/text/closest-string" {
  export function closestString(
    givenWord: string,
    possibleWords: ReadonlyArray<string>,
    options?: { compareFn?: (a: string, b: string) => number },
  ): string;
}

declare module "@std/text/levenshtein-distance" {
  export function levenshteinDistance(str1: string, str2: string): number;
}
