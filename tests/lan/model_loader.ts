/**
 * A loader of models: waits for `refs/main` of a model cache, then reads every file of
 * its snapshot at once, and prints their digests as one JSON object.
 *
 * Usage: model_loader.ts MODEL
 */
import { delay } from "@std/async/delay";
import { encodeHex } from "@std/encoding/hex";
import { join } from "@std/path";

const model = Deno.args[0]!;
let revision: string | undefined;
while (!revision) {
  revision = await Deno.readTextFile(join(model, "refs", "main"))
    .catch(() => undefined);
  if (!revision) await delay(1);
}
const snapshot = join(model, "snapshots", revision);
const digests: { [path: string]: string } = {};
const folders = [""];
for (const folder of folders) {
  for await (
    const { name, isDirectory } of Deno.readDir(join(snapshot, folder))
  ) {
    const path = join(folder, name);
    if (isDirectory) {
      folders.push(path);
      continue;
    }
    const content = await Deno.readFile(join(snapshot, path));
    digests[path] = encodeHex(await crypto.subtle.digest("SHA-256", content));
  }
}
const line = `${JSON.stringify(digests)}\n`;
await Deno.stdout.write(new TextEncoder().encode(line));
