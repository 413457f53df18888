import { assertEquals } from "@std/assert";
import { findViolations } from "../../scripts/layers/find_violations.ts";
import { describeSizes } from "../../scripts/layers/sizes.ts";
import { maskSource } from "../../scripts/layers/source_text.ts";

/** Violations, one line each. */
function violationsOf(sources: Record<string, string>): string[] {
  return findViolations(new Map(Object.entries(sources))).map((violation) =>
    `${violation.path}:${violation.line}: ${violation.reason}`
  );
}

const MASKED: readonly [source: string, masked: string][] = [
  ["a // b", "a     "],
  ["a /* b */ c", "a         c"],
  ["/* b\nc */d", "    \n    d"],
  [`a = "b // c"; d`, `a = "      "; d`],
  [String.raw`'\'' + b`, `'  ' + b`],
  ["`a${b}c`", "` ${b} `"],
  ["`$a \\${b}` + c", "`        ` + c"],
  ["a / b / c", "a / b / c"],
  ["return /b\"[/]'/g.test(c)", "return          .test(c)"],
  ["x = (a) / b; // c", "x = (a) / b;     "],
  ["{ `a` } `b`", "{ ` ` } ` `"],
];

for (const [source, masked] of MASKED) {
  Deno.test(`maskSource() leaves only the code of ${JSON.stringify(source)}`, () => {
    assertEquals(maskSource(source), masked);
  });
}

Deno.test("findViolations() accepts the arrows, also over several steps", () => {
  assertEquals(
    violationsOf({
      "mod.ts": `export * from "./lib/mod.ts";`,
      "lib/mod.ts":
        `/** The API. */\nexport { a } from "./peer/a.ts";\nexport type { b } from "./base/b.ts";\n\nif (import.meta.main) {\n  const { run } = await import("./net/run.ts");\n  Deno.exit(await run());\n}\n`,
      "cli/peer.ts":
        `import { a } from "../mod.ts";\nimport { b } from "./b.ts";\nimport { c } from "@std/path";`,
      "lib/peer/a.ts":
        `import { b } from "../base/b.ts";\nimport type { m } from "../wire/m.ts";`,
      "lib/disk/d.ts":
        `import {\n  t,\n} from "../metainfo/t.ts";\nimport { createHash } from "node:crypto";\nimport type { F } from "../types/f.d.ts";`,
      "tests/core/x_test.ts": `import { z } from "../../lib/swarm/z.ts";`,
    }),
    [],
  );
});

Deno.test("findViolations() refuses an import against the arrows", () => {
  assertEquals(
    violationsOf({
      "lib/net/a.ts": `\nimport { d } from "../disk/d.ts";`,
      "lib/disk/b.ts": `export { m } from '../wire/m.ts';`,
      "lib/base/c.ts": `const late = await import("../bencode/x.ts");`,
      "lib/swarm/d.ts": `import type { N } from "../net/n.ts";`,
      "lib/new/e.ts": `import "../base/x.ts";`,
    }),
    [
      "lib/base/c.ts:1: base may not import bencode",
      "lib/disk/b.ts:1: disk may not import wire",
      "lib/net/a.ts:2: net may not import disk",
      "lib/new/e.ts:1: lib/new has no place in the layers",
      "lib/swarm/d.ts:1: swarm may not import net",
    ],
  );
});

Deno.test("findViolations() lets programs import only faces", () => {
  assertEquals(
    violationsOf({
      "cli/peer.ts":
        `import { a } from "../lib/mod.ts";\nimport { b } from "../lib/peers.ts";\nimport { c } from "../lib/peer/c.ts";`,
      "mod.ts": `export * from "./lib/disk/a.ts";\nexport * from "@std/path";`,
      "lib/peer/a.ts": `import { a } from "../../cli/console.ts";`,
    }),
    [
      "cli/peer.ts:1: cli imports only the library's faces, packages and itself",
      "cli/peer.ts:3: cli imports only the library's faces, packages and itself",
      "lib/peer/a.ts:1: lib/peer imports only what is below it in lib/",
      "mod.ts:1: mod.ts imports only lib/mod.ts",
      "mod.ts:2: mod.ts imports only lib/mod.ts",
    ],
  );
});

Deno.test("findViolations() lets tests import scripts, and no file import tests", () => {
  assertEquals(
    violationsOf({
      "tests/lan/a_test.ts": `import { a } from "../../scripts/lan/a.ts";`,
      "scripts/lan/a.ts": `import { b } from "../../tests/lan/b.ts";`,
      "lib/base/a.ts": `import { b } from "../../scripts/b.ts";`,
      "cli/peer.ts": `import { b } from "../tests/core/b.ts";`,
    }),
    [
      "cli/peer.ts:1: cli imports only the library's faces, packages and itself",
      "lib/base/a.ts:1: lib/base imports only what is below it in lib/",
      "scripts/lan/a.ts:1: scripts import no tests: code for both belongs in scripts/",
    ],
  );
});

Deno.test("findViolations() refuses names of I/O, clocks and randomness in pure files", () => {
  const source = [
    "const now = Date.now();",
    "setTimeout(() => Math.random(), 1);",
    "export const when = new Date();",
    "await Deno.readFile(`${performance.now()}`);",
    `import { delay } from "@std/async/delay";`,
    `import { hash } from "node:crypto";`,
    "const a = AbortSignal.timeout(5);",
  ].join("\n");
  assertEquals(violationsOf({ "lib/wire/a.ts": source }), [
    "lib/wire/a.ts:1: a pure file may not name Date.now",
    "lib/wire/a.ts:2: a pure file may not name setTimeout",
    "lib/wire/a.ts:2: a pure file may not name Math.random",
    "lib/wire/a.ts:3: a pure file may not name new Date()",
    "lib/wire/a.ts:4: a pure file may not name Deno",
    "lib/wire/a.ts:4: a pure file may not name performance",
    "lib/wire/a.ts:5: a pure file may not import @std/async/delay",
    "lib/wire/a.ts:6: a pure file may not import node:crypto",
    "lib/wire/a.ts:7: a pure file may not name AbortSignal.timeout",
  ]);
  assertEquals(violationsOf({ "lib/net/a.ts": source }), []);
  assertEquals(violationsOf({ "lib/announce/announcer.ts": source }), []);
  const importsNet = `import { a } from "../net/a.ts";`;
  assertEquals(
    violationsOf({
      "lib/announce/a.ts": importsNet,
      "lib/announce/announcer.ts": importsNet,
    }),
    ["lib/announce/a.ts:1: a pure file may not import lib/net"],
  );
});

Deno.test("findViolations() ignores such names in comments, strings and members", () => {
  assertEquals(
    violationsOf({
      "lib/tracker/a.ts": [
        "/** Like Math.random, but not Date.now. */",
        `const text = "Deno" + 'fetch' + \`console\`;`,
        "export const day = new Date(seconds * 1000).toISOString();",
        "handler.fetch(request); // performance",
        "const options = { fetch: 1, crypto: 2 };",
        "const isFetching = /fetch/.test(text);",
      ].join("\n"),
    }),
    [],
  );
});

Deno.test("findViolations() finds a circle of files once", () => {
  assertEquals(
    violationsOf({
      "lib/wire/a.ts": `import type { B } from "./b.ts";`,
      "lib/wire/b.ts": `\nimport { c } from "./c.ts";`,
      "lib/wire/c.ts": `import { a } from "./a.ts";`,
    }),
    [
      "lib/wire/c.ts:1: imports in a circle: " +
      "lib/wire/a.ts → lib/wire/b.ts → lib/wire/c.ts → lib/wire/a.ts",
    ],
  );
});

Deno.test("findViolations() counts lines up to the last line break", () => {
  assertEquals(violationsOf({ "lib/net/a.ts": "x;\n".repeat(350) }), []);
  assertEquals(violationsOf({ "scripts/a.ts": "x;\n".repeat(351) }), [
    "scripts/a.ts:351: 351 lines, more than 350",
  ]);
});

Deno.test("findViolations() lets a mod.ts only re-export", () => {
  assertEquals(
    violationsOf({
      "mod.ts": `export * from "./lib/mod.ts";\n\nexport const extra = 1;`,
      "lib/mod.ts": `export * from "./net/a.ts";\nstart();`,
      "lib/net/mod.ts": `import { a } from "./a.ts";\na();`,
    }),
    [
      "lib/mod.ts:2: a mod.ts only re-exports",
      "lib/net/mod.ts:1: a mod.ts only re-exports",
      "mod.ts:3: a mod.ts only re-exports",
    ],
  );
});

Deno.test("findViolations() refuses to run texts as code, and programs other than the user's", () => {
  const start = `new Deno.Command("sh", { args: ["-c", text] })`;
  assertEquals(
    violationsOf({
      "lib/net/a.ts":
        `eval(text);\n\nnew Function("a", text)(1);\nconst f = Function (text);`,
      "lib/net/b.ts": "await import(text);\nawait import(`./${text}.ts`);",
      "lib/net/c.ts": `(() => {}).constructor(text)();`,
      "cli/d.ts": `${start};\nDeno.run({ cmd: [] });`,
    }),
    [
      "cli/d.ts:1: only cli/on_complete.ts starts programs",
      "cli/d.ts:2: only cli/on_complete.ts starts programs",
      "lib/net/a.ts:1: runs a text as code: eval(",
      "lib/net/a.ts:3: runs a text as code: new Function",
      "lib/net/a.ts:4: runs a text as code: Function (",
      "lib/net/b.ts:1: runs a text as code: import(",
      "lib/net/b.ts:2: runs a text as code: import(",
      "lib/net/c.ts:1: runs a text as code: .constructor(",
    ],
  );
  assertEquals(
    violationsOf({
      "lib/net/e.ts":
        `// eval(text)\nconst a = "new Function";\nawait import("./b.ts");\nthis.evaluate(medieval(1));`,
      "lib/net/b.ts": `class A { constructor(a: B) {} }`,
      "cli/on_complete.ts": start,
      "scripts/x.ts": start,
      "tests/core/x_test.ts": start,
    }),
    [],
  );
});

Deno.test("describeSizes() counts lines, files, importers and the tracker's share", () => {
  const sources = new Map(Object.entries({
    "lib/tracker/a.ts": `import "../base/b.ts";\nimport "../base/c.ts";\n`,
    "lib/peer/d.ts": `import "../base/c.ts";`,
    "lib/base/b.ts": "x;\n".repeat(30),
    "lib/base/c.ts": "",
    "tests/core/a_test.ts": `import "../../lib/base/b.ts";`,
  }));
  const lines = describeSizes(sources);
  assertEquals(lines[0]?.trim().split(/\s+/), [
    ...["lib", "34", "of", "23000", "lines", "4", "of", "170", "files"],
  ]);
  assertEquals(lines.slice(-4), [
    "files of lib with one importer: 25 % of at most 15 %",
    "median file of lib: 2 of at most 110 lines",
    "longest file of lib: 30 lines, lib/base/b.ts",
    "reached from the tracker alone: 32 of 8500 lines",
  ]);
});
