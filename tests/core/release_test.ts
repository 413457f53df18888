import { assertEquals } from "@std/assert";
import { unzipSync } from "fflate";
import { unpackTar } from "modern-tar";
import { sha256 } from "../../scripts/programs/sample_file.ts";
import {
  type ArchiveEntry,
  archiveFileName,
  packRelease,
} from "../../scripts/compile/release_archive.ts";

const decoder = new TextDecoder();

function encode(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text));
}

function filesNamed(executable: string): ArchiveEntry[] {
  return [
    {
      path: executable,
      content: encode("program"),
      isExecutable: true,
    },
    { path: "LICENSE", content: encode("MIT") },
  ];
}

/** The list of checksums in the archive. */
async function expectedList(executable: string): Promise<string> {
  return `${await sha256(encode("MIT"))}  LICENSE\n` +
    `${await sha256(encode("program"))}  ${executable}\n`;
}

Deno.test("a release for Windows is a zip file of one folder with the checksums", async () => {
  const release = {
    version: "1.2.3",
    target: "x86_64-pc-windows-msvc",
  } as const;
  const folder = "lanswarm-1.2.3-x86_64-pc-windows-msvc";
  assertEquals(archiveFileName(release), `${folder}.zip`);

  const archive = await packRelease(release, filesNamed("peer.exe"));
  // The time of the first file: 1980-01-01 00:00, the first one in the format.
  assertEquals(new DataView(archive.buffer).getUint32(10, true), 0x00210000);
  const entries = Object.entries(unzipSync(archive)).map(([path, content]) => [
    path,
    decoder.decode(content),
  ]);
  assertEquals(Object.fromEntries(entries), {
    [`${folder}/peer.exe`]: "program",
    [`${folder}/LICENSE`]: "MIT",
    [`${folder}/SHA256SUMS`]: await expectedList("peer.exe"),
  });
});

Deno.test("a release for other systems is a .tar.gz that keeps programs executable", async () => {
  const release = { version: "1.2.3", target: "aarch64-apple-darwin" } as const;
  const folder = "lanswarm-1.2.3-aarch64-apple-darwin";
  assertEquals(archiveFileName(release), `${folder}.tar.gz`);

  const archive = await packRelease(release, filesNamed("peer"));
  const tar = new Blob([archive]).stream()
    .pipeThrough(new DecompressionStream("gzip"));
  const entries = (await unpackTar(tar)).map(({ header, data }) => [
    header.name,
    header.mode?.toString(8),
    header.mtime?.getTime(),
    decoder.decode(data),
  ]);
  assertEquals(entries, [
    [`${folder}/peer`, "755", 0, "program"],
    [`${folder}/LICENSE`, "644", 0, "MIT"],
    [`${folder}/SHA256SUMS`, "644", 0, await expectedList("peer")],
  ]);
});
