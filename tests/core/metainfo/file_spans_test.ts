import { assertEquals, assertThrows } from "@std/assert";
import { FileSpans } from "../../../lib/metainfo/file_spans.ts";

/** Files as a picture, one letter per byte, `|` between files: `"aa||bbb"`. */
function draw(files: string): FileSpans {
  return new FileSpans(files.split("|").map(({ length }) => ({ length })));
}

/** Spans as `file:offset+length`. */
function spans(files: string, offset: number, length: number): string[] {
  return draw(files).at(offset, length)
    .map((span) => `${span.fileIndex}:${span.offsetInFile}+${span.length}`);
}

Deno.test("FileSpans.at() finds ranges inside, across and up to the end of files", () => {
  const cases: [files: string, offset: number, length: number, string[]][] = [
    ["aaaa", 0, 4, ["0:0+4"]],
    ["aaaa", 1, 2, ["0:1+2"]],
    ["aaaa|bbbb", 3, 2, ["0:3+1", "1:0+1"]],
    ["aaaa|bbbb", 4, 4, ["1:0+4"]],
    ["aa|b|ccc", 1, 4, ["0:1+1", "1:0+1", "2:0+2"]],
  ];
  for (const [files, offset, length, expected] of cases) {
    assertEquals(spans(files, offset, length), expected);
  }
});

Deno.test("FileSpans.at() skips empty files", () => {
  assertEquals(spans("|aa|||bb|", 1, 2), ["1:1+1", "4:0+1"]);
  assertEquals(spans("|aa|||bb|", 2, 2), ["4:0+2"]);
  assertEquals(spans("||", 0, 0), []);
});

Deno.test("FileSpans.at() returns no span for no bytes", () => {
  assertEquals(spans("aa|bb", 2, 0), []);
  assertEquals(spans("aa|bb", 4, 0), []);
});

Deno.test("FileSpans.at() refuses a range that exceeds the torrent", () => {
  const files = draw("aa|bb");
  for (const [offset, length] of [[-1, 1], [4, 1], [0, 5], [0, -1], [NaN, 1]]) {
    assertThrows(() => files.at(offset!, length!), RangeError);
  }
});

Deno.test("FileSpans.at() tiles every range of every layout", () => {
  for (
    const layout of ["abc", "a|b|c", "aaa||b|cc|", "|aaaaa|b|", "aa|bb|cc"]
  ) {
    const files = draw(layout);
    const owners = layout.split("|").flatMap((file, index) =>
      [...file].map((_, offset) => `${index}:${offset}`)
    );
    for (let offset = 0; offset <= files.length; offset++) {
      for (let length = 0; offset + length <= files.length; length++) {
        const bytes = files.at(offset, length).flatMap((span) =>
          Array.from(
            { length: span.length },
            (_, index) => `${span.fileIndex}:${span.offsetInFile + index}`,
          )
        );
        assertEquals(bytes, owners.slice(offset, offset + length));
      }
    }
  }
});
