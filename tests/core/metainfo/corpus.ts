/**
 * A corpus of odd and hostile torrent files: one torrent as a tree of raw bencode,
 * and classes of changes to every place in it. Nothing here uses our own encoder,
 * which would refuse to write most of it.
 */
import { latin1 } from "../bencode/bytes.ts";

/** Bencode as text, one character per byte, or the parts of a composite value. */
export type Raw =
  | string
  | readonly Raw[]
  | { readonly entries: readonly (readonly [key: string, value: Raw])[] };

export interface CorpusFile {
  /** The change and its place. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export function text(value: string): string {
  return `${value.length}:${value}`;
}

/** A folder of three files, one of them padding, and a link, with every known key. */
export const SAMPLE: Raw = dictionary(
  ["announce", text("http://a:1/announce")],
  ["announce-list", [[text("http://a:1/announce")], [text("udp://b:2")]]],
  ["comment", text("a remark")],
  ["created by", text("a tool/1.0")],
  ["creation date", "i1700000000e"],
  ["encoding", text("UTF-8")],
  [
    "info",
    dictionary(
      [
        "files",
        [
          dictionary(
            ["length", "i20000e"],
            ["path", [text("a"), text("b.txt")]],
            ["path.utf-8", [text("a"), text("b.txt")]],
          ),
          dictionary(
            ["attr", text("p")],
            ["length", "i12768e"],
            ["path", [text(".pad"), text("12768")]],
          ),
          dictionary(["length", "i5e"], ["path", [text("c")]]),
          dictionary(
            ["attr", text("xl")],
            ["length", "i0e"],
            ["path", [text("d"), text("l")]],
            ["symlink path", [text("a"), text("b.txt")]],
          ),
        ],
      ],
      ["name", text("folder")],
      ["name.utf-8", text("folder")],
      ["piece length", "i32768e"],
      ["pieces", text("x".repeat(40))],
      ["private", "i1e"],
      ["source", text("a tracker")],
    ),
  ],
  ["url-list", []],
);

/** Replaces every value by a value of each kind, and removes it. */
export function* wrongTypes(): Generator<CorpusFile> {
  const values: Readonly<Record<string, Raw | undefined>> = {
    "nothing": undefined,
    "an integer": "i7e",
    "a negative integer": "i-7e",
    "an integer of 2^53": "i9007199254740992e",
    "an integer of 2^64": "i18446744073709551616e",
    "a long integer": `i1${"0".repeat(200)}e`,
    "an empty string": text(""),
    "a string": text("seven"),
    "bytes that are not UTF-8": text("\xff\xfe"),
    "an empty list": [],
    "a list of lists": [[[], []]],
    "an empty dictionary": dictionary(),
    "a dictionary": dictionary(["length", "i1e"], ["path", [text("d")]]),
  };
  for (const [kind, value] of Object.entries(values)) {
    yield* changedBy(kind, () => value);
  }
}

/** Keys that objects inherit, that look like numbers, or occur twice. */
export function* oddKeys(): Generator<CorpusFile> {
  const keys = ["__proto__", "constructor", "toString", "0", "1", "length", ""];
  for (const key of keys) {
    const values = { "an integer": "i1e", "a dictionary": dictionary() };
    for (const [kind, value] of Object.entries(values)) {
      yield* changedBy(
        `${JSON.stringify(key)} as ${kind}`,
        (raw) =>
          isDictionary(raw) ? dictionary(...raw.entries, [key, value]) : raw,
      );
    }
  }
  yield* changedBy(
    "keys out of order",
    (raw) => isDictionary(raw) ? { entries: raw.entries.toReversed() } : raw,
  );
  yield* changedBy(
    "every key twice",
    (raw) =>
      isDictionary(raw) ? { entries: [...raw.entries, ...raw.entries] } : raw,
  );
}

/** Integers and lengths in spellings that bencode forbids. */
export function* oddNumbers(): Generator<CorpusFile> {
  const integers = ["ie", "i-0e", "i00e", "i007e", "i+1e", "i1.0e", "i 1e"];
  integers.push("i1", "i1e2e", "i0x7e", "i-e", "i--1e", "i1\ne", "i١e");
  const strings = ["-1:x", "01:x", "+1:x", "1", ":", "9:short", "1 :x"];
  strings.push("4294967296:x", "9007199254740993:x", `1${"0".repeat(50)}:x`);
  for (const value of [...integers, ...strings]) {
    yield* changedBy(JSON.stringify(value), () => value);
  }
}

/** The file, truncated at every byte. */
export function* truncations(): Generator<CorpusFile> {
  const whole = encode(SAMPLE);
  for (let length = 0; length < whole.length; length++) {
    yield { name: `the first ${length} bytes`, bytes: whole.slice(0, length) };
  }
}

/** Names and paths that leave the folder, or mean something else on some system. */
export function* paths(): Generator<CorpusFile> {
  const components = [
    ...["..", ".", "", "/", "/etc/passwd", "a/b", "..\\..\\x", "C:", "C:\\x"],
    ...["\\\\host\\share", "~", "a\0b", "NUL", "con.txt", "a.", "a ", "COM1"],
    ...["x:stream", "a*b", "\u202ecod.exe".slice(1), "a".repeat(300), "\n"],
    ...["\x7f", "\xff\xff", ".lanswarm"],
  ];
  for (const component of components) {
    yield* changedBy(
      JSON.stringify(component),
      (raw, place) =>
        /name|path/.test(place) && typeof raw === "string"
          ? text(component)
          : raw,
    );
  }
}

export function sampleBytes(): Uint8Array<ArrayBuffer> {
  return encode(SAMPLE);
}

function dictionary(
  ...entries: readonly (readonly [string, Raw])[]
): { readonly entries: readonly (readonly [string, Raw])[] } {
  return { entries };
}

function isDictionary(raw: Raw): raw is ReturnType<typeof dictionary> {
  return typeof raw === "object" && "entries" in raw &&
    !Array.isArray(raw);
}

type Change = (raw: Raw, place: string) => Raw | undefined;

/** The sample with a change, one file for each place that it changes. */
function* changedBy(what: string, change: Change): Generator<CorpusFile> {
  for (const [place, changed] of everywhere(SAMPLE, change)) {
    yield { name: `${what} at ${place}`, bytes: encode(changed) };
  }
}

/** The trees that `change` makes, one for each place that it changes. */
function* everywhere(
  raw: Raw,
  change: Change,
  place = "torrent",
): Generator<[place: string, changed: Raw | undefined]> {
  const changed = change(raw, place);
  if (changed !== raw) yield [place, changed];
  if (typeof raw === "string") return;
  if (isDictionary(raw)) {
    for (const [index, [key, value]] of raw.entries.entries()) {
      for (const [at, inner] of everywhere(value, change, `${place}.${key}`)) {
        const entries = inner === undefined
          ? raw.entries.toSpliced(index, 1)
          : raw.entries.with(index, [key, inner]);
        yield [at, { entries }];
      }
    }
    return;
  }
  for (const [index, value] of (raw as readonly Raw[]).entries()) {
    for (const [at, inner] of everywhere(value, change, `${place}[${index}]`)) {
      const items = raw as readonly Raw[];
      yield [
        at,
        inner === undefined
          ? items.toSpliced(index, 1)
          : items.with(index, inner),
      ];
    }
  }
}

function encode(raw: Raw | undefined): Uint8Array<ArrayBuffer> {
  return latin1(raw === undefined ? "" : write(raw));
}

function write(raw: Raw): string {
  if (typeof raw === "string") return raw;
  if (isDictionary(raw)) {
    const body = raw.entries.map(([key, value]) => text(key) + write(value));
    return `d${body.join("")}e`;
  }
  return `l${(raw as readonly Raw[]).map(write).join("")}e`;
}
