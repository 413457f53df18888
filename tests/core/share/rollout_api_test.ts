import { assertEquals } from "@std/assert";
import { controlRoutes } from "../../../lib/share/control_routes.ts";
import { RolloutControl } from "../../../lib/share/rollout_control.ts";
import type { ListedShare } from "../../../lib/share/share_listing.ts";
import { A, B } from "./rollout_sample.ts";

const TOKEN = "0123456789abcdef";

/** Two shares whose commands are taken. */
class Commands {
  readonly control = new RolloutControl();
  nowMs = 0;
  readonly #handle = controlRoutes(
    this.control,
    () => [A, B].map((id) => shareOf(id)),
  );

  constructor() {
    this.control.tokens.add(TOKEN);
  }

  /** The status of the answer; `undefined` if the path takes no command. */
  post(
    path: string,
    { authorization = `Bearer ${TOKEN}`, host = "192.168.1.9", ...rest }: {
      readonly authorization?: string | undefined;
      readonly host?: string;
      readonly isFromBrowser?: boolean;
    } = {},
  ): number | undefined {
    const [place, query = ""] = path.split("?");
    return this.#handle({
      ...{ method: "POST", path: place!, query, remoteHostname: host },
      header: (name) => name === "authorization" ? authorization : undefined,
      isFromBrowser: rest.isFromBrowser ?? false,
    }, this.nowMs)?.status;
  }
}

function shareOf(id: string): ListedShare {
  return {
    ...{ id, name: id.slice(0, 1), sizeBytes: 1 },
    ...{ path: "/torrents/a.torrent", isSource: true },
    state: "ready",
  };
}

Deno.test("the commands pause, resume and limit one share or all", () => {
  const commands = new Commands();
  const { control } = commands;
  assertEquals(commands.post(`/api/v1/shares/${A}/pause`), 200);
  assertEquals([control.of(A).isPaused, control.of(B).isPaused], [true, false]);
  assertEquals(commands.post("/api/v1/shares/all/resume"), 200);
  assertEquals(control.of(A).isPaused, false);
  const limit = "/api/v1/shares/all/limit?bytesPerSecond";
  assertEquals(commands.post(`${limit}=5000`), 200);
  assertEquals(control.of(B).limit?.bytesPerSecond, 5_000);
  assertEquals(control.of(A).limit, control.of(B).limit);
  for (const rate of ["", "=", "=1", "=-5000", "=5e3", "=5000.5", "=0x1400"]) {
    assertEquals(commands.post(`${limit}${rate}`), 400, rate);
  }
  assertEquals(commands.post(`${limit}=0`), 200);
  assertEquals(control.of(B).limit, undefined);
});

Deno.test("no other path takes a command", () => {
  const commands = new Commands();
  const paths = ["/announce", "/api/v1/shares", `/api/v1/shares/${A}`];
  for (const path of [...paths, `/api/v1/shares/${A}/pause/x`]) {
    assertEquals(commands.post(path), undefined, path);
  }
  assertEquals(commands.post(`/api/v1/shares/${A}/constructor`), undefined);
  assertEquals(commands.post("/api/v1/shares/none/pause"), 404);
});

Deno.test("a command needs the token, and no browser has it taken", () => {
  const commands = new Commands();
  const pause = "/api/v1/shares/all/pause";
  const status = (authorization: string): number | undefined =>
    commands.post(pause, { authorization, host: authorization });
  for (
    const wrong of [
      ...["", "Bearer", `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`],
      ...[`Basic ${TOKEN}`, TOKEN, `Bearer ${TOKEN}, Bearer ${TOKEN}`],
      "Bearer \u00e9".repeat(9),
    ]
  ) assertEquals(status(wrong), 401, wrong);
  assertEquals(status(`bearer  ${TOKEN} `), 200);
  assertEquals(commands.post(pause, { isFromBrowser: true }), 403);
  // Nothing is said of shares to those without it.
  assertEquals(
    commands.post("/api/v1/shares/none/pause", { authorization: "" }),
    401,
  );
  commands.control.tokens.clear();
  assertEquals(commands.post(pause), 401);
});

Deno.test("wrong tokens of one address are few, and do not lock the right one out", () => {
  const commands = new Commands();
  const path = "/api/v1/shares/all/pause";
  const guess = (host: string): number | undefined =>
    commands.post(path, { authorization: "Bearer guess", host });
  const statuses = Array.from({ length: 7 }, () => guess("192.168.1.9"));
  assertEquals(statuses, [401, 401, 401, 401, 401, 429, 429]);
  assertEquals(commands.post(path), 200);
  assertEquals(guess("192.168.1.8"), 401);
  commands.nowMs = 10_000;
  assertEquals([guess("192.168.1.9"), guess("192.168.1.9")], [401, 429]);
});
