import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { type LineStream, LineWriter } from "../../../cli/line_writer.ts";

/** A stream whose reader takes nothing until it is released. */
class SlowStream implements LineStream {
  text = "";
  /** Refuses every write with this error. */
  refusal: Error | undefined;
  readonly #released = Promise.withResolvers<void>();

  async write(bytes: Uint8Array): Promise<number> {
    await this.#released.promise;
    if (this.refusal !== undefined) throw this.refusal;
    // A pipe may take a part only.
    const taken = bytes.subarray(0, 3000);
    this.text += new TextDecoder().decode(taken);
    return taken.length;
  }

  isTerminal(): boolean {
    return false;
  }

  release(): void {
    this.#released.resolve();
  }
}

/** A writer to a stream, which reads at once if it `reads`. */
function openScene({ reads }: { readonly reads: boolean }): {
  stream: SlowStream;
  writer: LineWriter;
  push: (text: string, isResult?: boolean) => void;
} {
  const stream = new SlowStream();
  if (reads) stream.release();
  const writer = new LineWriter(stream);
  const push = (text: string, isResult = false): void =>
    writer.push({ stream, text, isResult });
  return { stream, writer, push };
}

const LIMITS = { limitMs: 30 };
const KIB = "x".repeat(1023);

Deno.test("LineWriter drops and counts lines when a megabyte of them waits", async () => {
  const { stream, writer, push } = openScene({ reads: false });
  for (let index = 0; index < 1500; index++) push(KIB);
  await writer.flush(LIMITS);
  assertEquals(stream.text, "");
  stream.release();
  await writer.flush({ limitMs: 5000 });
  const lines = stream.text.split("\n");
  // 1,025 lines of 1,023 characters wait, as one mebibyte holds.
  assertEquals(lines.length, 1025 + 2);
  assertEquals(lines.at(-2), "(475 lines dropped)");
  push("again");
  await writer.flush(LIMITS);
  assertEquals(stream.text.endsWith("(475 lines dropped)\nagain\n"), true);
  assertEquals(writer.loss, undefined);
});

Deno.test("LineWriter keeps results that a slow reader takes later", async () => {
  const { stream, writer, push } = openScene({ reads: false });
  for (let index = 0; index < 5000; index++) push(KIB, true);
  setTimeout(() => stream.release(), 50);
  // Longer than the limit, because results wait.
  await writer.flush({ limitMs: 1, signal: new AbortController().signal });
  assertEquals(stream.text.length, 5000 * 1024);
  assertEquals(writer.loss, undefined);
});

Deno.test("LineWriter says that results are lost when 16 MiB of them wait", async () => {
  const { writer, push } = openScene({ reads: false });
  for (let index = 0; index < 16; index++) push("x".repeat(1 << 20), true);
  assertEquals([writer.loss, writer.overflow.aborted], [undefined, false]);
  push("one more", true);
  assertEquals(writer.loss, "its reader takes them too slowly");
  assertEquals(writer.overflow.aborted, true);
  await writer.flush({ limitMs: 0 });
});

Deno.test("LineWriter gives up on a reader of results that stands still", async () => {
  for (const signal of [undefined, AbortSignal.timeout(300)]) {
    const { writer, push } = openScene({ reads: false });
    push("result", true);
    await writer.flush({ limitMs: 30, ...(signal && { signal }) });
    if (signal) assertEquals(signal.aborted, true);
    assertEquals(writer.loss, "its reader has stopped reading");
  }
});

Deno.test("LineWriter does not wait for a reader of lines, signal or not", async () => {
  const { writer, push } = openScene({ reads: false });
  push("line");
  await writer.flush({ limitMs: 30, signal: new AbortController().signal });
  assertEquals(writer.loss, undefined);
});

Deno.test("LineWriter goes on after a refusal and counts what was refused", async () => {
  const { stream, writer, push } = openScene({ reads: true });
  stream.refusal = new Error("No space left on device (os error 28)");
  push("one");
  push("two");
  await writer.flush(LIMITS);
  stream.refusal = undefined;
  push("three");
  await writer.flush(LIMITS);
  push("four");
  await writer.flush(LIMITS);
  assertEquals(stream.text, "(3 lines dropped)\nfour\n");
  assertEquals(writer.loss, undefined);
});

Deno.test("LineWriter names the refusal that lost a result", async () => {
  const { stream, writer, push } = openScene({ reads: true });
  stream.refusal = new Error("No space left on device (os error 28)");
  push("result", true);
  await writer.flush(LIMITS);
  assertEquals(writer.loss, "No space left on device (os error 28)");
});

Deno.test("LineWriter takes a reader that has gone for one that has read enough", async () => {
  const { stream, writer, push } = openScene({ reads: true });
  stream.refusal = new Deno.errors.BrokenPipe();
  push("result", true);
  push("line");
  await writer.flush(LIMITS);
  assertEquals([stream.text, writer.loss], ["", undefined]);
});

Deno.test("LineWriter tries again where a shared terminal would block", async () => {
  const { stream, writer, push } = openScene({ reads: true });
  stream.refusal = new Deno.errors.WouldBlock();
  push("line");
  await delay(50);
  stream.refusal = undefined;
  await writer.flush({ limitMs: 1000 });
  assertEquals(stream.text, "line\n");
});

Deno.test("LineWriter takes a result of any length that waits alone", async () => {
  const { stream, writer, push } = openScene({ reads: true });
  const text = "x".repeat(17 << 20);
  push(text, true);
  assertEquals([writer.loss, writer.overflow.aborted], [undefined, false]);
  await writer.flush({ limitMs: 30_000 });
  assertEquals(stream.text.length, text.length + 1);
});

Deno.test("LineWriter stops drawing on a terminal that refuses it", async () => {
  const stream = new SlowStream();
  stream.release();
  stream.refusal = new Error("Input/output error (os error 5)");
  const writer = new LineWriter(stream, {
    erase: () => "",
    draw: () => "the block",
  });
  writer.push({ stream, text: "line", isResult: false });
  const startMs = performance.now();
  await writer.flush({ limitMs: 5_000 });
  assertEquals(performance.now() - startMs < 2_500, true);
});
