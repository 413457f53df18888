import { assertEquals } from "@std/assert";
import {
  findComponentFault,
  findPathFault,
  findPortabilityFaults,
  foldName,
  PathSet,
  type Platform,
  platformOf,
} from "../../../lib/metainfo/safe_path.ts";

const PLATFORMS: readonly Platform[] = ["linux", "darwin", "windows"];

Deno.test("findComponentFault() accepts names in any script", () => {
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
    // Windows drops trailing dots.
    const platforms = name === "..." ? ["linux", "darwin"] as const : PLATFORMS;
    for (const platform of platforms) {
      assertEquals(findComponentFault(name, platform), undefined, name);
    }
  }
});

Deno.test("findComponentFault() refuses on every platform what leaves the folder on one", () => {
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

Deno.test("findComponentFault() refuses only on Windows what only Windows forbids", () => {
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

Deno.test("PathSet.add() accepts files that share a folder", () => {
  const paths = new PathSet("linux");
  for (const path of [["a", "b"], ["a", "c"], ["b"], ["a", "d", "b"]]) {
    assertEquals(paths.add(path), undefined);
  }
});

/** Two names, and the platforms whose usual file system does not distinguish them. */
const SPELLINGS: [a: string, b: string, platforms: Platform[]][] = [
  ["name", "NAME", ["darwin", "windows"]],
  // One character, and two that look like it: e with acute, e and an acute.
  ["\u00e9", "e\u0301", ["darwin"]],
  // Both forms of sigma have the same capital.
  ["ΟΔΟΣ", "οδος", ["darwin", "windows"]],
  ["οδοσ", "οδος", ["darwin", "windows"]],
  ["Straße", "STRASSE", []],
  ["sıra", "sira", []],
];

Deno.test("PathSet.add() finds collisions by the rules of the platform", () => {
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

Deno.test("PathSet.add() names the other spelling", () => {
  const paths = new PathSet("windows");
  paths.add(["a", "Read me"]);
  assertEquals(
    paths.add(["A", "READ ME"]),
    'is the same as "a/Read me" on Windows, which ignores case',
  );
  assertEquals(paths.add(["a", "Read me"]), "is the path of another file");
});

Deno.test("platformOf() treats other systems as Linux", () => {
  assertEquals(["windows", "darwin", "linux", "freebsd"].map(platformOf), [
    "windows",
    "darwin",
    "linux",
    "linux",
  ]);
});

Deno.test("findPathFault() refuses a path that exceeds the limits of Linux", () => {
  const path = Array.from({ length: 18 }, () => "a".repeat(240));
  assertEquals(findPathFault(path, "linux"), "is longer than 4096 bytes");
  assertEquals(findPathFault(path.slice(1), "linux"), undefined);
});

/** Names for all platforms, for some, and two that collide on some. */
const PATHS = [
  ["photos", "résumé.pdf"],
  ["photos", "take: two.jpg"],
  ["photos", "aux.txt", "c"],
  ["photos", "README"],
  ["photos", "Readme"],
];

Deno.test("findPortabilityFaults() finds nothing where all paths are valid", () => {
  assertEquals(findPortabilityFaults(PATHS, "linux"), []);
  assertEquals(findPortabilityFaults(PATHS.slice(0, 1), "windows"), []);
});

Deno.test("findPortabilityFaults() reports names that a platform forbids or does not distinguish", () => {
  assertEquals(findPortabilityFaults(PATHS, "windows"), [
    {
      path: ["photos", "take: two.jpg"],
      reason: '"take: two.jpg" contains a character that Windows forbids',
    },
    {
      path: ["photos", "aux.txt", "c"],
      reason: '"aux.txt" is a device name on Windows',
    },
    {
      path: ["photos", "Readme"],
      reason:
        '"photos/Readme" is the same as "photos/README" on Windows, which ignores case',
    },
  ]);
  assertEquals(findPortabilityFaults(PATHS, "darwin"), [{
    path: ["photos", "Readme"],
    reason:
      '"photos/Readme" is the same as "photos/README" on macOS, which ignores case and the way accents are written',
  }]);
});

Deno.test("findPortabilityFaults() checks the torrent's name too", () => {
  const faults = findPortabilityFaults([["what?"]], "windows");
  assertEquals(faults.length, 1);
});
