import { assertEquals, assertNotEquals } from "@std/assert";
import {
  embeddedFiles,
  hashInputs,
} from "../../scripts/compile/build_inputs.ts";
import {
  findNpmImports,
  packagesNamed,
  reachableFiles,
  unusedPaths,
  withDependencies,
} from "../../scripts/compile/npm_imports.ts";

function inputs(
  files: Readonly<Record<string, string>>,
): Map<string, Uint8Array> {
  const encoder = new TextEncoder();
  return new Map(
    Object.entries(files).map(([path, text]) => [path, encoder.encode(text)]),
  );
}

Deno.test("hashInputs() changes with each name and content, not with the order", async () => {
  const hash = await hashInputs(inputs({ "a.ts": "1", "b.ts": "2" }));
  assertEquals(await hashInputs(inputs({ "b.ts": "2", "a.ts": "1" })), hash);
  const others: Record<string, string>[] = [
    { "a.ts": "1", "b.ts": "3" },
    { "a.ts": "1", "c.ts": "2" },
    { "a.ts": "1" },
    // The same text, cut elsewhere.
    { "a.ts": "1b.ts", "b.ts": "" },
    {},
  ];
  for (const other of others) {
    assertNotEquals(await hashInputs(inputs(other)), hash);
  }
});

Deno.test("embeddedFiles() names workers and assets of the programs alone", () => {
  assertEquals(
    embeddedFiles([
      "lib/tracker/page.css",
      "lib/disk/hash_worker.ts",
      "lib/disk/sha1.ts",
      "cli/peer.ts",
      "deno.json",
      "scripts/compile/notes.txt",
    ]),
    ["lib/disk/hash_worker.ts", "lib/tracker/page.css"],
  );
});

Deno.test("findNpmImports() reads through the import map", () => {
  const sources = [
    'import { join } from "@std/path";\nimport "./local.ts";',
    'export * from "npm:@scope/pkg@1.2.3/sub/file.js";\n// import "never";',
    'import bencode from "bencode";\nimport { join } from "@std/path";',
  ];
  const importMap = {
    "@std/path": "npm:std@1.0.0/path/mod.js",
    "bencode": "npm:bencode@4.0.1",
    "unused": "npm:unused@1.0.0",
  };
  assertEquals(findNpmImports(sources, importMap), [
    { packageId: "std@1.0.0", path: "path/mod.js" },
    { packageId: "@scope/pkg@1.2.3", path: "sub/file.js" },
    { packageId: "bencode@4.0.1", path: undefined },
  ]);
});

Deno.test("withDependencies() follows the lock file, with and without versions", () => {
  const locked = {
    "a@1.0.0": { dependencies: ["b", "c@2.0.0"] },
    "b@1.0.0": { dependencies: ["a"] },
    "c@1.0.0": {},
    "c@2.0.0": {},
    "bb@1.0.0": {},
  };
  assertEquals(
    [...withDependencies(["a@1.0.0"], locked)].sort(),
    ["a@1.0.0", "b@1.0.0", "c@2.0.0"],
  );
});

Deno.test("withDependencies() leaves out what the used files of a package do not name", () => {
  const locked = {
    "a@1.0.0": { dependencies: ["b", "@s/c@2.0.0", "d@1.0.0"] },
    "b@1.0.0": { dependencies: ["d"] },
    "@s/c@2.0.0": {},
    "d@1.0.0": {},
  };
  const used = (...names: string[]): string[] =>
    [
      ...withDependencies(
        ["a@1.0.0"],
        locked,
        (id) => id === "a@1.0.0" ? new Set(names) : undefined,
      ),
    ].sort();
  assertEquals(used(), ["a@1.0.0"]);
  assertEquals(used("@s/c"), ["@s/c@2.0.0", "a@1.0.0"]);
  assertEquals(used("b"), ["a@1.0.0", "b@1.0.0", "d@1.0.0"]);
});

Deno.test("packagesNamed() reads imports and what is required", () => {
  const files = new Map([
    ["a.js", 'import "./b.js"; import "@s/c/sub.js"; import "node:fs";'],
    ["b.js", "require('util'); require('d/lib/x'); require('../e');"],
    ["c.js", "require('unused')"],
  ]);
  assertEquals(
    [...packagesNamed(files, ["a.js", "b.js"])].sort(),
    ["@s/c", "d", "util"],
  );
});

Deno.test("a package keeps what its imported files lead to", () => {
  const files = new Map([
    ["package.json", "{}"],
    ["cli/parse.js", 'import { x } from "../internal/os.js";'],
    ["cli/prompt.js", ""],
    ["internal/os.js", 'export * from "./windows.js";'],
    ["internal/windows.js", 'import "./os.js";'],
    ["internal/deep/unused.js", ""],
    ["yaml/mod.js", 'import "../cli/parse.js";'],
    ["yaml/schema/all.js", ""],
  ]);
  const used = reachableFiles(files, ["cli/parse.js"]);
  assertEquals(
    [...used].sort(),
    ["cli/parse.js", "internal/os.js", "internal/windows.js"],
  );
  assertEquals(
    unusedPaths(files.keys(), used.add("package.json")),
    ["cli/prompt.js", "internal/deep", "yaml"],
  );
});

Deno.test("reachableFiles() follows what is required, whose names lack their ends", () => {
  const files = new Map([
    ["lib/gauge.js", "const util = require('util');\nrequire('./util');"],
    ["lib/util.js", 'module.exports = require("../data.json");'],
    ["lib/other.js", "// require('./gauge')"],
    ["data.json", "{}"],
  ]);
  assertEquals(
    [...reachableFiles(files, ["lib/gauge.js"])].sort(),
    ["data.json", "lib/gauge.js", "lib/util.js"],
  );
});
