import { assertEquals } from "@std/assert";
import {
  hiddenParameters,
  nextOrder,
  type Order,
  readPageView,
  viewAddress,
} from "../../../../lib/tracker/page/view.ts";
import { infoHash } from "../../announce/samples.ts";

const ORIGIN = "http://192.0.2.9:8000";

Deno.test("readPageView() reads what viewAddress() writes", () => {
  for (
    const address of [
      "/",
      "/?sort=-speed",
      "/?sort=name&q=a+%3Cb%3E+%26",
      `/?torrent=${"a".repeat(40)}`,
      `/?torrent=${"a".repeat(40)}&sort=left&rows=400&q=192.0.2`,
    ]
  ) {
    const view = readPageView(address.slice(2), ORIGIN);
    assertEquals(viewAddress(view!), address);
  }
});

Deno.test("readPageView() ignores invalid parts", () => {
  const everything = {
    infoHash: undefined,
    search: "",
    origin: ORIGIN,
    order: undefined,
    rowCount: 300,
  };
  for (
    const query of [
      "",
      "sort=color",
      "sort=--name",
      "q=%20",
      "rows=x",
      "a&&=b&%",
    ]
  ) {
    assertEquals(readPageView(query, ORIGIN), everything, query);
  }
  // Torrents do not have this column.
  assertEquals(readPageView("sort=client", ORIGIN), everything);
  const { search } = readPageView(`q=${"x".repeat(500)}`, ORIGIN)!;
  assertEquals(search.length, 100);
});

Deno.test("readPageView() reads a number of rows in whole pages, within limits", () => {
  const rowCount = (rows: string): number =>
    readPageView(`rows=${rows}`, ORIGIN)!.rowCount;
  assertEquals(
    ["0", "1", "100", "101", "999999999", "-1", "1e3"].map(rowCount),
    [100, 100, 100, 200, 2_000, 300, 300],
  );
});

Deno.test("readPageView() reads info hashes of either case and nothing else", () => {
  const view = readPageView(`torrent=${"A".repeat(40)}`, ORIGIN);
  assertEquals(view?.infoHash, infoHash("a"));
  for (const torrent of ["", "a", "g".repeat(40), "a".repeat(41)]) {
    assertEquals(readPageView(`torrent=${torrent}`, ORIGIN), undefined);
  }
});

Deno.test("hiddenParameters() are the parameters that a search keeps", () => {
  const view = readPageView(
    `torrent=${"a".repeat(40)}&sort=-left&q=x`,
    ORIGIN,
  );
  assertEquals(hiddenParameters(view!), [
    ["torrent", "a".repeat(40)],
    ["sort", "-left"],
  ]);
});

Deno.test("nextOrder() starts at the end of interest, reverses, and returns to the default", () => {
  const clicks = (key: string): (Order | undefined)[] => {
    const first = nextOrder(key, { key: "size", isDescending: false });
    const second = nextOrder(key, first);
    return [first, second, nextOrder(key, second)];
  };
  assertEquals(clicks("speed"), [
    { key: "speed", isDescending: true },
    { key: "speed", isDescending: false },
    undefined,
  ]);
  assertEquals(clicks("name"), [
    { key: "name", isDescending: false },
    { key: "name", isDescending: true },
    undefined,
  ]);
});
