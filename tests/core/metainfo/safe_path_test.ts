import { assertEquals } from "@std/assert";
import {
  findComponentFault,
  findPathFault,
  foldName,
  PathSet,
  type Platform,
  platformOf,
} from "../../../lib/metainfo/safe_path.ts";

const PLATFORMS: readonly Platform[] = ["linux", "darwin", "windows"];

Deno.test("findComponentFault() passes names in any script", () => {
  const names = [
    "a",
    "résumé.pdf",
    "日本語",
    "🎬",
    "שלום",
    "...",
    "a..b",
    ".git",
  ];
  for (const name of names) {
    // Windows drops dots at the end.
    const platforms = name === "..." ? ["linux", "darwin"] as const : PLATFORMS;
    for (const platform of platforms) {
      assertEquals(findComponentFault(name, platform), undefined, name);
    }
  }
});

Deno.test("findComponentFault() refuses on every platform what climbs or is absolute on one", () => {
  const cases: [name: string, fault: string][] = [
    ["", "is empty"],
    [".", 'is "."'],
    ["..", 'contains ".."'],
    ["../a", 'contains ".."'],
    ["..\\a", 'contains ".."'],
    ["/a", "is absolute"],
    ["\\a", "is absolute"],
    ["C:", "begins with a drive letter"],
    ["c:\\a", "begins with a drive letter"],
    ["C:a", "begins with a drive letter"],
    ["a\0", "contains a NUL character"],
    ["a/b", "contains a path separator"],
    ["a".repeat(256), "is longer than 255 bytes"],
    ["é".repeat(128), "is longer than 255 bytes"],
  ];
  for (const [name, fault] of cases) {
    for (const platform of PLATFORMS) {
      assertEquals(findComponentFault(name, platform), fault);
    }
  }
});

Deno.test("findComponentFault() refuses on Windows alone what only Windows forbids", () => {
  const device = "is a device name on Windows";
  const character = "contains a character that Windows forbids";
  const ending = "ends in a dot or space, which Windows drops";
  const cases: [name: string, fault: string][] = [
    ["NUL", device],
    ["con.txt", device],
    ["Com1", device],
    ["lpt¹.log", device],
    ["nul .tar.gz", device],
    ["CONOUT$", device],
    ["a\\b", character],
    ["a?", character],
    ["song: remix", character],
    ["a\nb", character],
    ["a.", ending],
    ["a ", ending],
  ];
  for (const [name, fault] of cases) {
    assertEquals(findComponentFault(name, "windows"), fault, name);
    assertEquals(findComponentFault(name, "linux"), undefined, name);
  }
  for (const name of ["console", "com", "null", "com10", "conout", "nul-1"]) {
    assertEquals(findComponentFault(name, "windows"), undefined, name);
  }
});

Deno.test("findPathFault() names the component", () => {
  assertEquals(findPathFault(["a", "b"], "linux"), undefined);
  assertEquals(findPathFault([], "linux"), "is empty");
  assertEquals(findPathFault(["a", ".."], "linux"), '".." contains ".."');
});

Deno.test("PathSet.add() takes files that share a folder", () => {
  const paths = new PathSet("linux");
  for (const path of [["a", "b"], ["a", "c"], ["b"], ["a", "d", "b"]]) {
    assertEquals(paths.add(path), undefined);
  }
});

/** Two names, and the platforms whose usual file system takes them as one. */
const SPELLINGS: [a: string, b: string, platforms: Platform[]][] = [
  ["name", "NAME", ["darwin", "windows"]],
  // One letter and two that look like it: e with acute, e and an acute.
  ["\u00e9", "e\u0301", ["darwin"]],
  // The sigma at a word's end has the capital of the other one.
  ["ΟΔΟΣ", "οδος", ["darwin", "windows"]],
  ["οδοσ", "οδος", ["darwin", "windows"]],
  ["Straße", "STRASSE", []],
  ["sıra", "sira", []],
];

Deno.test("PathSet.add() takes as one what the platform's file system does", () => {
  for (const [a, b, platforms] of SPELLINGS) {
    for (const platform of PLATFORMS) {
      const paths = new PathSet(platform);
      paths.add(["folder", a]);
      const collision = paths.add(["folder", b]);
      const isExpected = platforms.includes(platform);
      assertEquals(collision !== undefined, isExpected, `${a} ${platform}`);
      assertEquals(
        foldName(a, platform) === foldName(b, platform),
        isExpected,
      );
    }
  }
});

Deno.test("PathSet.add() names the other of two spellings", () => {
  const paths = new PathSet("windows");
  paths.add(["a", "Read me"]);
  assertEquals(
    paths.add(["A", "READ ME"]),
    'is the same as "a/Read me" on Windows, which ignores case',
  );
  assertEquals(paths.add(["a", "Read me"]), "is the path of another file");
});

Deno.test("platformOf() takes any other system as Linux", () => {
  assertEquals(["windows", "darwin", "linux", "freebsd"].map(platformOf), [
    "windows",
    "darwin",
    "linux",
    "linux",
  ]);
});

Deno.test("findPathFault() refuses a path that Linux would not take", () => {
  const path = Array.from({ length: 18 }, () => "a".repeat(240));
  assertEquals(findPathFault(path, "linux"), "is longer than 4096 bytes");
  assertEquals(findPathFault(path.slice(1), "linux"), undefined);
});
