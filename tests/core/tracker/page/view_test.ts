import { assertEquals } from "@std/assert";
import {
  hiddenParameters,
  nextOrder,
  type Order,
  readPageView,
  type TorrentKey,
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
      `/?torrent=${"a".repeat(40)}&sort=left&q=192.0.2`,
    ]
  ) {
    const view = readPageView(address.slice(2), ORIGIN);
    assertEquals(viewAddress(view!), address);
  }
});

Deno.test("readPageView() takes no notice of what makes no sense", () => {
  const everything = {
    type: "overview",
    search: "",
    origin: ORIGIN,
    order: undefined,
  } as const;
  for (const query of ["", "sort=color", "sort=--name", "q=%20", "a&&=b&%"]) {
    assertEquals(readPageView(query, ORIGIN), everything, query);
  }
  // A column of the hosts is none of the torrents.
  assertEquals(readPageView("sort=client", ORIGIN), everything);
  const { search } = readPageView(`q=${"x".repeat(500)}`, ORIGIN)!;
  assertEquals(search.length, 100);
});

Deno.test("readPageView() takes info hashes of either case, and nothing else for one", () => {
  const view = readPageView(`torrent=${"A".repeat(40)}`, ORIGIN);
  assertEquals(view?.type === "torrent" && view.infoHash, infoHash("a"));
  for (const torrent of ["", "a", "g".repeat(40), "a".repeat(41)]) {
    assertEquals(readPageView(`torrent=${torrent}`, ORIGIN), undefined);
  }
});

Deno.test("hiddenParameters() are what a search keeps", () => {
  const view = readPageView(
    `torrent=${"a".repeat(40)}&sort=-left&q=x`,
    ORIGIN,
  );
  assertEquals(hiddenParameters(view!), [
    ["torrent", "a".repeat(40)],
    ["sort", "-left"],
  ]);
});

Deno.test("nextOrder() begins at the interesting end, turns round and lets go", () => {
  const clicks = (key: TorrentKey): (Order<TorrentKey> | undefined)[] => {
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
