/**
 * Positional access to files, which the runtime offers as a cursor alone.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { FileSystem, type Outcome } from "../../lib/files/file_system.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test("FileSystem reads and writes where it is told, also after the end of a file was met", async () => {
  await using folder = await temporaryFolder();
  const options = { read: true, write: true, createNew: true };
  using file = Deno.openSync(join(folder.path, "f"), options);
  const fileSystem = new FileSystem();
  const read = async (offset: number): Promise<string> => {
    const bytes = new Uint8Array(3);
    await fileSystem.read(file, offset, bytes);
    return new TextDecoder().decode(bytes);
  };
  const write = (offset: number, text: string): Outcome<void> =>
    fileSystem.write(file, offset, new TextEncoder().encode(text));
  await write(0, "012");
  await write(3, "345");
  await assertRejects(() => read(6), Deno.errors.UnexpectedEof);
  await write(6, "678");
  await assertRejects(() => read(7), Deno.errors.UnexpectedEof, "after 9");
  assertEquals(await read(0) + await read(3) + await read(3), "012345345");
  await write(6, "abc");
  assertEquals([await read(6), await read(0)], ["abc", "012"]);
});
