/**
 * A peer that is killed again and again, at moments that a seed decides.
 */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { seededRandom } from "../../lib/base/random.ts";
import {
  assertCopied,
  LocalSwarm,
  runPeer,
  spawnPeer,
} from "../loopback/local_swarm.ts";
import { report } from "../report.ts";
import { SEED } from "./seed.ts";

const MEBIBYTE = 1024 * 1024;
const PIECE_LENGTH = 256 * 1024;
const PIECE_COUNT = 768;
const KILLS = 50;
/** Slow enough for a life to end long before the download does. */
const BYTES_PER_SECOND = 16 * MEBIBYTE;
/** From the start of the program, which takes some 150, in milliseconds. */
const SHORTEST_LIFE_MS = 50;
const LONGEST_LIFE_MS = 600;

Deno.test(`a peer that is killed ${KILLS} times fetches no piece twice and ends up with the right content`, async () => {
  const random = seededRandom(SEED);
  await using swarm = await LocalSwarm.open();
  const shared = await swarm.seed("image.bin", {
    files: { "": PIECE_COUNT * PIECE_LENGTH },
    pieceLength: PIECE_LENGTH,
  });
  const dir = join(swarm.folder, "here");
  let verifiedCount = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    await using peer = spawnPeer(
      ...[shared.path, "--dir", dir, "--json"],
      ...["--max-download", String(BYTES_PER_SECOND)],
    );
    const lifeMs = SHORTEST_LIFE_MS +
      random() * (LONGEST_LIFE_MS - SHORTEST_LIFE_MS);
    await delay(lifeMs);
    const { code, stdout } = await peer.stop("SIGKILL");
    assertEquals(code, 137, `seed ${SEED}`);
    verifiedCount += stdout.match(/"type":"pieceVerified"/g)?.length ?? 0;
  }
  await swarm.abandoned(shared);
  const { code, stdout } = await runPeer(
    ...[shared.path, "--dir", dir, "--json", "--exit-when-complete"],
  );
  assertEquals(code, 0, `seed ${SEED}`);
  const found =
    /"type":"verified".*?"pieces":(\d+)|"pieces":(\d+).*?"type":"verified"/
      .exec(stdout);
  const foundCount = Number(found?.[1] ?? found?.[2]);
  const restCount = stdout.match(/"type":"pieceVerified"/g)?.length ?? 0;
  await assertCopied(shared, dir);
  // A piece that was stored and reported is never fetched again.
  assert(
    foundCount >= verifiedCount,
    `${foundCount} < ${verifiedCount}, seed ${SEED}`,
  );
  assertEquals(foundCount + restCount, PIECE_COUNT, `seed ${SEED}`);
  const wastedMebibytes =
    (swarm.uploadedBytes(shared) - PIECE_COUNT * PIECE_LENGTH) / MEBIBYTE;
  report(
    `seed ${SEED}: ${foundCount} of ${PIECE_COUNT} pieces survived ${KILLS} kills; ` +
      `${
        wastedMebibytes.toFixed(1)
      } MiB were on their way when the peer was killed, ` +
      `${(wastedMebibytes / KILLS).toFixed(2)} MiB a kill`,
  );
});
