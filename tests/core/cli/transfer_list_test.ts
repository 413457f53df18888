import { assert, assertEquals } from "@std/assert";
import { renderTransferList } from "../../../cli/transfer_list.ts";
import { renderTransfer } from "../../../cli/transfer_view.ts";
import { snapshot } from "./snapshots.ts";

const COLUMNS = 80;

/** Seven seeders, a stopped one and eight downloads, in no order. */
const TORRENTS = Array.from({ length: 16 }, (_, index) =>
  snapshot({
    name: `${index}.bin`,
    state: index === 5 ? "failed" : index % 2 === 0 ? "downloading" : "seeding",
  }));

/** The names of the torrents shown, and the last line if it is none's. */
function shownIn(rows: number): string[] {
  const lines = renderTransferList(TORRENTS, { columns: COLUMNS, rows });
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
      const lines = renderTransferList(TORRENTS, { columns, rows });
      assert(lines.length <= rows, `${lines.length} lines in ${rows} rows`);
      for (const line of lines) assert(line.length < columns, line);
    }
  }
});

Deno.test("renderTransferList() shows one torrent as renderTransfer() does, and none as nothing", () => {
  const room = { columns: COLUMNS, rows: 24 };
  assertEquals(
    renderTransferList([snapshot()], room),
    renderTransfer(snapshot(), COLUMNS),
  );
  assertEquals(renderTransferList([], { columns: COLUMNS, rows: 0 }), []);
});
