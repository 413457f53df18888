import { assert, assertEquals, assertNotMatch } from "@std/assert";
import { truncate } from "../../../cli/console.ts";
import {
  describeTransfer,
  renderNamed,
  renderTransfer,
  renderTransferList,
  secondsLeft,
} from "../../../cli/progress_bar.ts";
import { MIB, peer, room, snapshot } from "./snapshots.ts";
import stringWidth from "string-width";

/** Control characters and changes of the text direction: never for a terminal. */
const UNSAFE = /[\p{Cc}\p{Bidi_Control}]/u;

const NAMES = [
  "film.mkv",
  "a".repeat(255),
  "日本語の映画".repeat(14),
  "한국어 영화.mkv",
  "👩‍👩‍👧‍👦🎬".repeat(9),
  "e\u0301".repeat(85),
  "مرحبا بالعالم.mkv",
  "\x1b[2J\x1b]0;owned\x07 \r\n\t\x9b31m",
  "exe.\u202egnp.scr\u2066",
  "",
];

Deno.test("renderTransfer() shows as much as the columns hold", () => {
  const cases: [columns: number, lines: string[]][] = [
    [120, [
      "film.mkv  100 MiB  2 peers, 1 seeder",
      "  [####################....................]    50%  10 MiB/s down     0 B/s up        0:05 left",
    ]],
    [80, [
      "film.mkv  100 MiB  2 peers, 1 seeder",
      "  [#########..........]    50%  10 MiB/s down     0 B/s up        0:05 left",
    ]],
    [60, [
      "film.mkv  100 MiB  2 peers, 1 seeder",
      "  [#######.......]    50%  10 MiB/s down     0 B/s up",
    ]],
    [40, [
      "film.mkv  100 MiB  2 peers, 1 seeder",
      "  [#####.....]    50%  10 MiB/s down",
    ]],
    [20, ["film.mkv  100 MiB", "  [####....]    50%"]],
    [16, ["film.mkv", "  50%"]],
    [8, ["film.m…", "  50%"]],
  ];
  for (const [columns, lines] of cases) {
    assertEquals(
      renderTransfer(snapshot(), room(columns)),
      lines,
      `${columns}`,
    );
  }
});

Deno.test("renderTransfer() shows all of a fast and long download in 80 columns", () => {
  const fast = snapshot({
    name: "document.pdf",
    length: 614_400 * MIB,
    verifiedLength: 614_400 * MIB - 4850 * 110.5 * MIB,
    downloadBytesPerSecond: 110.5 * MIB,
    uploadBytesPerSecond: 98.2 * MIB,
    peers: Array.from(
      { length: 12 },
      (_, index) => peer({ isSeeder: index < 3 }),
    ),
  });
  assertEquals(renderTransfer(fast, room(80)), [
    "document.pdf  600 GiB  12 peers, 3 seeders",
    "  [##.................]  12.7%  111 MiB/s down    98.2 MiB/s up   1:20:50 left",
  ]);
});

Deno.test("renderTransfer() keeps the bar's length as numbers grow and in every state", () => {
  const ends = [
    snapshot({ verifiedLength: 0, downloadBytesPerSecond: 0 }),
    snapshot({ downloadBytesPerSecond: 12_345 }),
    snapshot({ uploadBytesPerSecond: 999.9 * MIB }),
    snapshot({ state: "seeding", verifiedLength: 100 * MIB }),
    snapshot({ state: "failed" }),
  ].map((transfer) => renderTransfer(transfer, room(80))[1]!.indexOf("]"));
  assertEquals(new Set(ends).size, 1, `${ends}`);
});

Deno.test("renderTransfer() shows a seeder's work", () => {
  const seeding = snapshot({
    state: "seeding",
    verifiedLength: 100 * MIB,
    downloadBytesPerSecond: 0,
    uploadBytesPerSecond: 2.5 * MIB,
    peers: [peer()],
  });
  assertEquals(renderTransfer(seeding, room(80)), [
    "film.mkv  100 MiB  1 peer, 0 seeders",
    "  [###################]   100%  seeding           2.5 MiB/s up",
  ]);
});

Deno.test("renderTransfer() cuts names by the columns they take, not by their length", () => {
  const cases: [name: string, line: string][] = [
    ["日本語の映画.mkv", "日本語の…  100 MiB"],
    ["aaaaaaaaaaaaaaaa", "aaaaaaaaa…  100 MiB"],
    ["🎬🎬🎬🎬🎬🎬🎬", "🎬🎬🎬🎬…  100 MiB"],
  ];
  for (const [name, line] of cases) {
    assertEquals(renderTransfer(snapshot({ name }), room(20))[0], line);
  }
});

Deno.test("renderTransfer() never fills the last column nor lets a name move the cursor", () => {
  const shown = [
    ...NAMES.map((name) => snapshot({ name })),
    snapshot({ state: "seeding", verifiedLength: 100 * MIB }),
    snapshot({ state: "failed" }),
    snapshot({ length: 2 ** 53 - 1, verifiedLength: 1, peers: [] }),
    snapshot({ downloadBytesPerSecond: 0.001 }),
    snapshot({ peers: Array.from({ length: 1000 }, () => peer()) }),
  ];
  for (const transfer of shown) {
    for (let columns = 20; columns <= 200; columns++) {
      const lines = renderTransfer(transfer, room(columns));
      assertEquals(lines.length, 2);
      for (const line of lines) {
        assert(stringWidth(line) < columns, `${columns} columns: ${line}`);
        assertNotMatch(line, UNSAFE);
      }
    }
  }
});

Deno.test("renderTransfer() draws a line on however narrow a terminal", () => {
  for (let columns = 1; columns < 20; columns++) {
    assertEquals(renderTransfer(snapshot(), room(columns)).length, 2);
  }
});

Deno.test("renderTransfer() says 100% of a whole download alone", () => {
  const almost = snapshot({ verifiedLength: 100 * MIB - 1 });
  assertEquals(renderTransfer(almost, room(21))[1], "  [########.]  99.9%");
});

Deno.test("describeTransfer() is one line for a log", () => {
  const cases: [given: Parameters<typeof snapshot>[0], line: string][] = [
    [{}, "50%, 10 MiB/s down, 0 B/s up, 0:05 left, 2 peers, 1 seeder"],
    [
      { downloadBytesPerSecond: 0, peers: [] },
      "50%, 0 B/s down, 0 B/s up, no peers",
    ],
    [
      { state: "seeding", verifiedLength: 100 * MIB, peers: [] },
      "100%, seeding, 0 B/s up, no peers",
    ],
    [{ state: "failed" }, "50%, stopped"],
  ];
  for (const [given, line] of cases) {
    assertEquals(describeTransfer(snapshot(given)), `film.mkv: ${line}`);
  }
});

Deno.test("describeTransfer() shows what a hostile name holds", () => {
  for (const name of NAMES) {
    assertNotMatch(describeTransfer(snapshot({ name })), UNSAFE);
  }
  assertEquals(
    describeTransfer(snapshot({ name: "a\x1b[2J\nb", state: "failed" })),
    String.raw`a\x1b[2J\x0ab: 50%, stopped`,
  );
});

Deno.test("renderNamed() cuts the name, not what is said of it", () => {
  assertEquals(
    renderNamed("film.mkv", ": verifying 7%", room(80)),
    "film.mkv: verifying 7%",
  );
  assertEquals(
    renderNamed("film.mkv", ": verifying 7%", room(20)),
    "film…: verifying 7%",
  );
});

Deno.test("secondsLeft() knows no end while nothing moves", () => {
  assertEquals(secondsLeft(snapshot()), 5);
  assertEquals(secondsLeft(snapshot({ downloadBytesPerSecond: 0 })), undefined);
});

const COLUMNS = 80;

/** Seven seeders, a stopped one and eight downloads, in no order. */
const TORRENTS = Array.from({ length: 16 }, (_, index) =>
  snapshot({
    name: `${index}.bin`,
    state: index === 5 ? "failed" : index % 2 === 0 ? "downloading" : "seeding",
  }));

/** The names of the torrents shown, and the last line if it is none's. */
function shownIn(rows: number): string[] {
  const lines = renderTransferList(TORRENTS, room(COLUMNS, rows));
  const names = lines.filter((line) => line.includes(".bin"))
    .map((line) => line.split(" ")[0]!);
  return lines.length === names.length * 2 ? names : [...names, lines.at(-1)!];
}

Deno.test("renderTransferList() shows all of them where there is room, downloads first", () => {
  assertEquals(shownIn(32), [
    ...["0.bin", "2.bin", "4.bin", "6.bin", "8.bin", "10.bin", "12.bin"],
    ...["14.bin", "5.bin", "1.bin", "3.bin", "7.bin", "9.bin", "11.bin"],
    ...["13.bin", "15.bin"],
  ]);
});

Deno.test("renderTransferList() counts those that there is no room for", () => {
  assertEquals(shownIn(23).at(-1), "and 5 more: 5 seeding");
  assertEquals(shownIn(11), [
    ...["0.bin", "2.bin", "4.bin", "6.bin", "8.bin"],
    "and 11 more: 3 downloading, 1 stopped, 7 seeding",
  ]);
  for (const rows of [2, 1, 0, -1]) {
    assertEquals(shownIn(rows), [
      "16 torrents: 8 downloading, 1 stopped, 7 seeding",
    ]);
  }
});

Deno.test("renderTransferList() is never taller nor wider than its room", () => {
  for (let rows = 1; rows < 40; rows++) {
    for (const columns of [20, COLUMNS]) {
      const lines = renderTransferList(TORRENTS, room(columns, rows));
      assert(lines.length <= rows, `${lines.length} lines in ${rows} rows`);
      for (const line of lines) assert(line.length < columns, line);
    }
  }
});

Deno.test("renderTransferList() shows one torrent as renderTransfer() does, and none as nothing", () => {
  assertEquals(
    renderTransferList([snapshot()], room(COLUMNS)),
    renderTransfer(snapshot(), room(COLUMNS)),
  );
  assertEquals(renderTransferList([], room(COLUMNS, 0)), []);
});

Deno.test("truncate() ends a line that is too wide with an ellipsis", () => {
  const line = "2 machines: 0 complete, 2 fetching   2 MiB/s from here";
  assertEquals(truncate(line, room(40)), `${line.slice(0, 39)}…`);
  assertEquals(truncate(line, room(80)), line);
  // Each of these takes two columns.
  assertEquals(truncate("写真フォルダ", room(6)), "写真…");
});
