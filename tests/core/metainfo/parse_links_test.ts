/**
 * Symbolic links in torrent files, honest and hostile. [BEP 47]
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Encodable } from "../../../lib/bencode/encode.ts";
import { sha1 } from "../../../lib/disk/sha1.ts";
import { buildTorrent } from "../../../lib/metainfo/build_torrent.ts";
import { linkText } from "../../../lib/metainfo/link_rules.ts";
import { parseTorrent } from "../../../lib/metainfo/parse_torrent.ts";
import type { Torrent } from "../../../lib/metainfo/torrent.ts";
import {
  assertRefused,
  FILE_INFO,
  FOLDER_INFO,
  parseInfo,
} from "./torrents.ts";

/** A link as in a torrent file. */
function link(path: string, target: Encodable): Encodable {
  return {
    ...{ attr: "l", length: 0, path: path.split("/") },
    "symlink path": typeof target === "string" ? target.split("/") : target,
  };
}

const FILES = [
  { length: 39_999, path: ["blobs", "a"] },
  { length: 1, path: ["b"], attr: "x" },
];

function parseWith(...entries: Encodable[]): Promise<Torrent> {
  return parseInfo({ ...FOLDER_INFO, files: [...FILES, ...entries] });
}

Deno.test("parseTorrent() reads links to files and to folders", async () => {
  const { files, geometry } = await parseWith(
    link("snapshots/1/a", "blobs/a"),
    // The length may be left out.
    { attr: "lh", path: ["c"], "symlink path": ["snapshots"] },
  );
  assertEquals(geometry.length, 40_000);
  assertEquals(files.slice(2), [
    {
      ...{ path: ["folder", "snapshots", "1", "a"], length: 0 },
      ...{ isPadding: false, linkTarget: ["folder", "blobs", "a"] },
    },
    {
      ...{ path: ["folder", "c"], length: 0, isPadding: false },
      ...{ isHidden: true, linkTarget: ["folder", "snapshots"] },
    },
  ]);
});

Deno.test("parseTorrent() reads the links that buildTorrent() writes", async () => {
  const bytes = buildTorrent({
    name: "n",
    content: {
      type: "folder",
      files: [
        { path: ["a"], length: 3 },
        { path: ["d", "l"], length: 0, linkTarget: ["a"] },
      ],
    },
    pieceLength: 16_384,
    pieceHashes: new Uint8Array(20),
    announce: [],
  });
  assertStringIncludes(
    new TextDecoder().decode(bytes),
    "d4:attr1:l6:lengthi0e4:pathl1:d1:le12:symlink pathl1:aee",
  );
  const { files } = await parseTorrent(bytes, { sha1 });
  assertEquals(files[1]!.linkTarget, ["n", "a"]);
});

const LINK = "info.files[2].symlink path";
const REFUSED: readonly [
  name: string,
  entries: readonly Encodable[],
  field: string,
  reason: string,
][] = [
  ["a link that leads up", [link("l", "../x")], LINK, 'contains ".."'],
  ["a link up and down", [link("l", "blobs/../b")], LINK, 'contains ".."'],
  ["a link up in a name", [link("l", ["..\\x"])], LINK, 'contains ".."'],
  ["an absolute link", [link("l", ["/etc/passwd"])], LINK, "is absolute"],
  ["a link to a drive", [link("l", ["C:", "x"])], LINK, "drive letter"],
  ["an empty component", [link("l", ["", "b"])], LINK, "is empty"],
  ["a link to the folder", [link("l", [])], LINK, "is empty"],
  ["a dot", [link("l", ["."])], LINK, 'is "."'],
  ["a NUL", [link("l", ["b\0"])], LINK, "NUL"],
  ["a long target", [link("l", Array(65).fill("b"))], LINK, "more than 64"],
  ["no list", [link("l", 1)], LINK, "is not a list"],
  ["no texts", [link("l", [1])], `${LINK}[0]`, "is not a string"],
  ["no target", [{ attr: "l", path: ["l"], length: 0 }], LINK, "is missing"],
  ["a link to nothing", [link("l", "x")], LINK, "leads to nothing"],
  ["another case", [link("l", "B")], LINK, "leads to nothing"],
  ["a link to itself", [link("l", "l")], LINK, "leads to another link"],
  ["a chain", [link("l", "m"), link("m", "b")], LINK, "to another link"],
  ["a loop", [link("l", "m"), link("m", "l")], LINK, "to another link"],
  [
    "a way through a link",
    [link("l", "m/a"), link("m", "blobs")],
    ...[LINK, "leads to nothing"] as const,
  ],
  [
    "a way through a loop",
    [link("l", "m/x"), link("m", "l/x")],
    ...[LINK, "leads to nothing"] as const,
  ],
  ["a folder above", [link("blobs/l", "blobs")], LINK, "the link lies in"],
  ["a folder far above", [link("x/y/l", "x")], LINK, "the link lies in"],
  [
    "a link to padding",
    [link("l", ".pad/0"), { attr: "p", path: [".pad", "0"], length: 0 }],
    ...[LINK, "leads to padding"] as const,
  ],
  [
    "a link with content",
    [{ ...link("l", "b") as Record<string, Encodable>, length: 1 }],
    ...["info.files[2].length", "is 1 for a link"] as const,
  ],
  [
    "a link that is padding",
    [{ ...link("l", "b") as Record<string, Encodable>, attr: "pl" }],
    ...["info.files[2].attr", "padding and link"] as const,
  ],
  [
    "a file below a link",
    [link("l", "blobs"), { length: 0, path: ["l", "a"] }],
    ...["info.files[3].path", "is inside another file"] as const,
  ],
  [
    "a link below a link",
    [link("l", "blobs"), link("l/m", "b")],
    ...["info.files[3].path", "is inside another file"] as const,
  ],
  [
    "a link in the place of a file",
    [link("b", "blobs/a")],
    ...["info.files[2].path", "is the path of another file"] as const,
  ],
  [
    "a link in the place of a folder",
    [link("blobs", "b")],
    ...["info.files[2].path", "is the folder of another file"] as const,
  ],
  [
    "two links in one place",
    [link("l", "b"), link("l", "blobs/a")],
    ...["info.files[3].path", "is the path of another file"] as const,
  ],
  [
    "a folder in the place of a link",
    [link("d/l", "b"), link("d/l/m/n", "b")],
    ...["info.files[3].path", "is inside another file"] as const,
  ],
];

for (const [name, entries, field, reason] of REFUSED) {
  Deno.test(`parseTorrent() refuses ${name}`, async () => {
    await assertRefused(parseWith(...entries), field, reason);
  });
}

Deno.test("parseTorrent() refuses a link in the place of a file of another case, where these are one", async () => {
  const files = [...FILES, link("B", "blobs/a")];
  const info = { ...FOLDER_INFO, files };
  assertEquals((await parseInfo(info, "linux")).files.length, 3);
  for (const platform of ["windows", "darwin"] as const) {
    const torrent = parseInfo(info, platform);
    await assertRefused(torrent, "info.files[2].path", 'same as "folder/b"');
  }
});

Deno.test("parseTorrent() reads a link to a file whose path padding has too, and no link where attr has no l", async () => {
  const padding = { attr: "p", length: 0, path: ["b"] };
  const { files } = await parseWith(
    padding,
    link("l", "b"),
    { attr: "?", length: 0, path: ["m"], "symlink path": ["..", "x"] },
  );
  assertEquals(files[3]!.linkTarget, ["folder", "b"]);
  assertEquals(files[4], {
    ...{ path: ["folder", "m"], length: 0, isPadding: false },
  });
});

Deno.test("parseTorrent() refuses a single file that is a link", async () => {
  const info = { ...FILE_INFO, attr: "l", "symlink path": ["x"] };
  await assertRefused(parseInfo(info), "info.attr", "is a link");
});

Deno.test("parseTorrent() takes 100,000 links to one folder", async () => {
  const links = Array.from(
    { length: 100_000 },
    (_, index) => link(`x/y/${index}`, "blobs"),
  );
  // In a second; in time that grows with the square of them, it would take hours.
  assertEquals((await parseWith(...links)).files.length, 100_002);
});

Deno.test("linkText() leads from the link's folder to its target", () => {
  const texts: [path: string, target: string, text: string][] = [
    ["n/l", "n/a", "a"],
    ["n/l", "n/d/a", "d/a"],
    ["n/d/l", "n/a", "../a"],
    ["n/d/l", "n/d/a", "a"],
    ["n/s/1/l", "n/blobs/a", "../../blobs/a"],
    ["n/d/e/l", "n/d/f/a", "../f/a"],
    ["n/d/l", "n/d2", "../d2"],
  ];
  for (const [path, target, text] of texts) {
    assertEquals(linkText(path.split("/"), target.split("/")), text);
  }
});
