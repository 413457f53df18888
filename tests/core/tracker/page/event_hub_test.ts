import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Content } from "../../../../lib/tracker/page/content.ts";
import {
  EventHub,
  MAX_LISTENERS,
  MAX_LISTENERS_OF_ADDRESS,
} from "../../../../lib/tracker/page/event_hub.ts";
import type { EventStream } from "../../../../lib/tracker/page/event_stream.ts";
import { markup } from "../../../../lib/tracker/page/html.ts";
import {
  type PageView,
  readPageView,
} from "../../../../lib/tracker/page/view.ts";

const VIEW = readPageView("", "http://192.0.2.9:8000")!;
const OTHER_VIEW = readPageView("q=x", "http://192.0.2.9:8000")!;

/** A content whose only region is `text`. */
function content(text: string): Content {
  return {
    layout: "overview",
    title: "t",
    hostsOf: undefined,
    regions: new Map([["r", markup`${text}`]]),
    tables: new Map([["rows", [{ key: "a", html: markup`<tr></tr>` }]]]),
  };
}

/** A hub that shows what `text` returns, and which views it wrote. */
function hubOf(
  text: () => string,
  torrentCount = 1,
): { hub: EventHub; written: PageView[] } {
  const written: PageView[] = [];
  const hub = new EventHub((view) => {
    written.push(view);
    return Promise.resolve({ content: content(text()), torrentCount });
  });
  return { hub, written };
}

async function read(stream: EventStream): Promise<string | undefined> {
  const { value } = await stream.next();
  return value && new TextDecoder().decode(value);
}

/** The regions that an event tells of, and whether it tells of rows. */
async function readEvent(
  stream: EventStream,
): Promise<{ regions: Record<string, string>; isWhole: boolean }> {
  const text = await read(stream) ?? "";
  assert(text.startsWith("data: {") && text.endsWith("}\n\n"), text);
  const { regions, tables } = JSON.parse(text.slice(6));
  return { regions, isWhole: "rows" in tables };
}

Deno.test("EventHub sends everything first and then what has changed", async () => {
  let text = "one";
  const { hub } = hubOf(() => text);
  const stream = hub.listen(VIEW, "192.0.2.1")!;
  assertEquals(await read(stream), "retry: 3000\n\n");
  const first = readEvent(stream);
  await hub.sample(0);
  assertEquals(await first, { regions: { r: "one" }, isWhole: true });
  text = "two";
  const second = readEvent(stream);
  await hub.sample(1_000);
  assertEquals(await second, { regions: { r: "two" }, isWhole: false });
});

Deno.test("EventHub sends who is slow the newest content whole", async () => {
  let count = 0;
  const { hub } = hubOf(() => `${++count}`);
  const stream = hub.listen(VIEW, "192.0.2.1")!;
  await read(stream);
  for (let second = 0; second < 3; second++) await hub.sample(second * 1_000);
  assertEquals(await readEvent(stream), { regions: { r: "3" }, isWhole: true });
});

Deno.test("EventHub sends who comes later what the others see already", async () => {
  const { hub } = hubOf(() => "same");
  await read(hub.listen(VIEW, "192.0.2.1")!);
  await hub.sample(0);
  await hub.sample(1_000);
  const stream = hub.listen(VIEW, "192.0.2.2")!;
  await read(stream);
  assertEquals((await readEvent(stream)).regions, { r: "same" });
});

Deno.test("EventHub writes each view once for all who look at it, and none for nobody", async () => {
  const { hub, written } = hubOf(() => "same");
  await hub.sample(0);
  assertEquals(written, []);
  const streams = ["192.0.2.1", "192.0.2.2"].map((hostname) =>
    hub.listen(VIEW, hostname)!
  );
  streams.push(hub.listen(OTHER_VIEW, "192.0.2.1")!);
  for (const stream of streams) await read(stream);
  await hub.sample(1_000);
  assertEquals(written, [VIEW, OTHER_VIEW]);
  for (const stream of streams) await stream.return!();
  await hub.sample(2_000);
  assertEquals(written.length, 2);
});

Deno.test("EventHub goes through so many torrents a sample, and on from there at the next", async () => {
  const { hub, written } = hubOf(() => "same", 9_500);
  const views = ["a", "b", "c"].map((search) =>
    readPageView(`q=${search}`, "http://192.0.2.9:8000")!
  );
  for (const view of views) await read(hub.listen(view, "192.0.2.1")!);
  const searches = (): string => written.map(({ search }) => search).join("");
  await hub.sample(0);
  assertEquals(searches(), "ab");
  await hub.sample(1_000);
  assertEquals(searches(), "abca");
});

Deno.test("EventHub says now and then that it is still there", async () => {
  const { hub } = hubOf(() => "same");
  const stream = hub.listen(VIEW, "192.0.2.1")!;
  await read(stream);
  await hub.sample(0);
  await readEvent(stream);
  const next = read(stream);
  await hub.sample(14_999);
  await hub.sample(15_000);
  assertEquals(await next, ": still here\n\n");
});

/** Whether a stream begins. */
async function begins(stream: EventStream | undefined): Promise<boolean> {
  return stream !== undefined && await read(stream) !== undefined;
}

Deno.test("EventHub takes so many listeners, and fewer from one address", async () => {
  const { hub } = hubOf(() => "same");
  const listen = (host: number): EventStream | undefined =>
    hub.listen(VIEW, `192.0.2.${host}`);
  const own = Array.from({ length: MAX_LISTENERS_OF_ADDRESS }, () => listen(1));
  const late = listen(1);
  for (const stream of own) assert(await begins(stream));
  assertEquals(listen(1), undefined);
  // It was made while there was a place, and is read too late.
  assertEquals(await begins(late), false);
  await own[0]!.return!();
  assert(await begins(listen(1)));
  for (let host = 2; hub.listenerCount < MAX_LISTENERS; host++) {
    assert(await begins(listen(host)));
  }
  assertEquals(listen(250), undefined);
});

Deno.test("EventHub does not count streams that nobody reads", async () => {
  const { hub, written } = hubOf(() => "same");
  for (let count = 0; count < 1_000; count++) hub.listen(VIEW, "192.0.2.1");
  await hub.sample(0);
  assertEquals([hub.listenerCount, written.length], [0, 0]);
});

Deno.test("EventHub ends streams that nobody reads any more, once", async () => {
  const { hub } = hubOf(() => "same");
  const stream = hub.listen(VIEW, "192.0.2.1")!;
  await read(stream);
  const waiting = stream.next();
  await stream.return!();
  await stream.return!();
  assertEquals((await waiting).done, true);
  assertEquals((await stream.next()).done, true);
  assertEquals(hub.listenerCount, 0);
});

Deno.test("EventHub ends every stream when it closes", async () => {
  const { hub } = hubOf(() => "same");
  const streams = [VIEW, VIEW, OTHER_VIEW].map((view) =>
    hub.listen(view, "192.0.2.1")!
  );
  const ends = streams.map(async (stream) => {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    return chunks.length;
  });
  await Promise.resolve();
  hub.close();
  assertEquals(await Promise.all(ends), [1, 1, 1]);
  assertEquals(hub.listenerCount, 0);
});

Deno.test("EventHub asks a slow store once at a time, and goes on after a failure", async () => {
  const answer = Promise.withResolvers<never>();
  let askedCount = 0;
  const hub = new EventHub(() => {
    askedCount++;
    return askedCount === 1
      ? answer.promise
      : Promise.resolve({ content: content("late"), torrentCount: 1 });
  });
  const stream = hub.listen(VIEW, "192.0.2.1")!;
  await read(stream);
  const first = hub.sample(0);
  await hub.sample(1_000);
  assertEquals(askedCount, 1);
  answer.reject(new Error("the store is gone"));
  const failure = await first.catch((error: Error) => error.message);
  assertEquals(failure, "the store is gone");
  await hub.sample(2_000);
  assertStringIncludes(JSON.stringify(await readEvent(stream)), "late");
});
