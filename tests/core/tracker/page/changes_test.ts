import { assertEquals } from "@std/assert";
import { changesBetween } from "../../../../lib/tracker/page/changes.ts";
import type { Content } from "../../../../lib/tracker/page/content.ts";
import { markup } from "../../../../lib/tracker/page/html.ts";

/** A table of rows called `a1`: key `a`, content `1`. */
function content(rows: string, changes: Partial<Content> = {}): Content {
  return {
    layout: "overview",
    title: "t",
    hostsOf: undefined,
    regions: new Map([["totals", markup`1`]]),
    tables: new Map([
      [
        "torrents",
        rows.split(" ").filter((row) => row !== "").map((row) => ({
          key: row[0]!,
          html: markup`<tr>${row}</tr>`,
        })),
      ],
    ]),
    ...changes,
  };
}

Deno.test("changesBetween() gives everything to who has nothing", () => {
  assertEquals(changesBetween(undefined, content("a1 b1")), {
    layout: "overview",
    title: "t",
    regions: { totals: "1" },
    tables: {
      torrents: {
        order: ["a", "b"],
        rows: { a: "<tr>a1</tr>", b: "<tr>b1</tr>" },
      },
    },
  });
});

Deno.test("changesBetween() gives the rows that are new or different, and the order if it is another", () => {
  const changes = (before: string, after: string): unknown =>
    changesBetween(content(before), content(after))?.tables;
  assertEquals(changes("a1 b1", "a1 b2"), {
    torrents: { rows: { b: "<tr>b2</tr>" } },
  });
  assertEquals(changes("a1 b1", "b1 a1"), { torrents: { order: ["b", "a"] } });
  assertEquals(changes("a1 b1", "b1"), { torrents: { order: ["b"] } });
  assertEquals(changes("a1", "a1 c1"), {
    torrents: { order: ["a", "c"], rows: { c: "<tr>c1</tr>" } },
  });
});

Deno.test("changesBetween() gives nothing where nothing changed", () => {
  assertEquals(changesBetween(content("a1"), content("a1")), undefined);
});

Deno.test("changesBetween() tells of regions, titles and layouts", () => {
  const before = content("a1");
  for (
    const change of [
      { title: "u" },
      { layout: "other" },
      { regions: new Map([["totals", markup`2`]]) },
    ]
  ) {
    const changes = changesBetween(before, content("a1", change));
    assertEquals(changes, {
      layout: change.layout ?? "overview",
      title: change.title ?? "t",
      regions: change.regions === undefined ? {} : { totals: "2" },
      tables: {},
    });
  }
});
