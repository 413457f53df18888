import { assertEquals } from "@std/assert";
import type { HttpResponse } from "../../../lib/http/response.ts";
import { REPORT_PATH, reportPath } from "../../../lib/rollout/host_report.ts";
import { RolloutApi } from "../../../lib/share/rollout_api.ts";
import type { ListedShare } from "../../../lib/share/share_listing.ts";
import { A, B, createRollout, report } from "../rollout/rollout_sample.ts";

const TOKEN = "0123456789abcdef";

/** Two shares whose commands are taken. */
class Commands {
  readonly #rollout = createRollout();
  readonly control = this.#rollout.control;
  nowMs = 0;
  readonly #api = new RolloutApi(this.#rollout, () => [A, B].map(shareOf));

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
    return this.#api.command({
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

/** The answers to reports that know the last change: pending, or not. */
class Reports {
  readonly rollout = createRollout();
  readonly #api = new RolloutApi(this.rollout, () => [shareOf(A)]);

  send(
    remoteHostname: string,
    change = this.rollout.control.change,
  ): HttpResponse | Promise<HttpResponse> {
    const [path, query] = reportPath(report("1", { change })).split("?");
    return this.#api.routes.get(REPORT_PATH)!({
      ...{ method: "GET", path: path!, query: query!, remoteHostname },
      ...{ header: () => undefined, isFromBrowser: false },
    }, 0);
  }
}

Deno.test("the answer to a report waits for a change, unless the host lacks one", async () => {
  const reports = new Reports();
  const { control } = reports.rollout;
  assertEquals(reports.send("192.168.1.1", 0) instanceof Promise, false);
  const waits = ["1", "2"].map((host) => reports.send(host));
  control.setPaused(A, true);
  for (const { body } of await Promise.all(waits)) {
    const { change, paused } = JSON.parse(body as string);
    assertEquals([change, paused], [control.change, true]);
  }
  // After a second nothing has changed, and the host reports anew.
  const { body } = await reports.send("192.168.1.1");
  assertEquals(JSON.parse(body as string).change, control.change);
});

Deno.test("64 reports of one address wait, and 2048 in all", async () => {
  const reports = new Reports();
  const waits = Array.from({ length: 64 }, () => reports.send("a"));
  const isHeld = (host: string): boolean => {
    const answer = reports.send(host);
    waits.push(answer);
    return answer instanceof Promise;
  };
  assertEquals(waits.every((answer) => answer instanceof Promise), true);
  assertEquals([isHeld("a"), isHeld("b")], [false, true]);
  while (waits.length < 2_048 + 1) {
    assertEquals(isHeld(`${waits.length}`), true);
  }
  assertEquals(isHeld("c"), false);
  reports.rollout.control.end();
  await Promise.all(waits);
});

Deno.test("eight streams of events are open for one address, until one ends", async () => {
  const rollout = createRollout();
  const { routes } = new RolloutApi(rollout, () => [shareOf(A)]);
  const open = async (remoteHostname: string): Promise<HttpResponse> =>
    await routes.get("/api/")!({
      ...{ method: "GET", path: `/api/v1/shares/${A}/events`, query: "" },
      ...{ remoteHostname, header: () => undefined, isFromBrowser: false },
    }, 0);
  const opened: HttpResponse[] = [];
  while (opened.length < 8) opened.push(await open("::1"));
  assertEquals((await open("::1")).status, 429);
  const bodies = [...opened, await open("::2")].map(({ body }) =>
    body as AsyncIterableIterator<Uint8Array>
  );
  await bodies[0]!.next();
  // While the next event is awaited.
  const pending = bodies[0]!.next();
  await bodies[0]!.return!();
  assertEquals((await pending).done, true);
  const again = await open("::1");
  assertEquals(again.status, 200);
  bodies.push(again.body as AsyncIterableIterator<Uint8Array>);
  for (const body of bodies) await body.return!();
});
