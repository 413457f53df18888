import { assertEquals } from "@std/assert";
import stringWidth from "string-width";
import { delay } from "@std/async/delay";
import { canMoveCursor, Console } from "../../../cli/console.ts";

/** A terminal that understands what a console writes; lines wrap at its width. */
class Screen {
  readonly rows: string[][] = [[]];
  columns = 20;
  #row = 0;
  #column = 0;
  #wraps = false;

  write(bytes: Uint8Array): Promise<number> {
    const text = new TextDecoder().decode(bytes);
    // Escape sequences, and every other character by itself.
    for (const [token] of text.matchAll(/\p{Cc}\[\d*[A-Z]|[^]/gu)) {
      this.#put(token);
    }
    return Promise.resolve(bytes.length);
  }

  isTerminal(): boolean {
    return true;
  }

  /** The rows of the screen, from top to bottom, without trailing blanks. */
  get text(): string[] {
    return this.rows.map((row) => row.join("").trimEnd());
  }

  #put(token: string): void {
    if (token === "\r") this.#column = 0;
    else if (token === "\n") {
      this.#row++;
      this.#column = 0;
    } else if (token.endsWith("A")) this.#row -= parseInt(token.slice(2));
    else if (token === "\x1b[J") {
      this.rows.splice(this.#row + 1);
      this.rows[this.#row]!.splice(this.#column);
    } else {
      if (this.#wraps) {
        this.#row++;
        this.#column = 0;
      }
      this.rows[this.#row] ??= [];
      this.rows[this.#row]![this.#column++] = token;
    }
    // A terminal wraps only when one more character follows the last column.
    this.#wraps = token.length === 1 && this.#column === this.columns &&
      token >= " ";
    this.rows[this.#row] ??= [];
  }
}

interface Scene {
  readonly screen: Screen;
  readonly console: Console;
}

/** Waits until the console has written what it can. */
async function written(): Promise<void> {
  await delay(0);
}

/** A console on a terminal; with `rows`, one of that height. */
function openScene(rows = 10): Scene {
  const screen = new Screen();
  const console = new Console({
    stdout: screen,
    stderr: screen,
    size: () => ({ columns: screen.columns, rows }),
    canMoveCursor: true,
    widthOf: stringWidth,
  });
  return { screen, console };
}

Deno.test("Console writes lines above its live block", async () => {
  const { screen, console } = openScene();
  console.show(["one 1%", "two 2%"]);
  console.writeLine("first");
  console.writeErrorLine("second");
  await written();
  assertEquals(screen.text, ["first", "second", "one 1%", "two 2%"]);
  console.show(["one 50%"]);
  await written();
  assertEquals(screen.text, ["first", "second", "one 50%"]);
});

Deno.test("Console never draws a block that is taller than the terminal", async () => {
  const { screen, console } = openScene(4);
  assertEquals(console.room, { columns: 20, rows: 3 });
  console.show(["a1", "a2", "b1", "b2"]);
  await written();
  assertEquals(screen.text, ["a1", "a2", "b1"]);
  console.writeLine("line");
  await written();
  assertEquals(screen.text, ["line", "a1", "a2", "b1"]);
});

Deno.test("Console removes a block whose lines a narrower terminal has wrapped", async () => {
  const { screen, console } = openScene();
  screen.columns = 10;
  console.show(["0123456789abcde", "two"]);
  await written();
  assertEquals(screen.text, ["0123456789", "abcde", "two"]);
  console.show(["one"]);
  await written();
  assertEquals(screen.text, ["one"]);
});

Deno.test("Console.suspendBlock() leaves the terminal to another process", async () => {
  const { screen, console } = openScene();
  const write = (text: string): void => {
    void screen.write(new TextEncoder().encode(text));
  };
  console.show(["50%"]);
  {
    using _outer = await console.suspendBlock();
    using _inner = await console.suspendBlock();
    console.show(["60%"]);
    write("output\nwithout an end");
    console.writeErrorLine("");
    await written();
    assertEquals(screen.text, ["output", "without an end", ""]);
    write("again");
  }
  await written();
  assertEquals(screen.text, ["output", "without an end", "again", "60%"]);
  console.show(["70%"]);
  {
    using _ = await console.suspendBlock();
    write("whole line\n");
  }
  await written();
  assertEquals(screen.text.slice(3), ["whole line", "70%"]);
});

Deno.test("Console.end() removes the live block for good", async () => {
  const { screen, console } = openScene();
  console.show(["50%"]);
  await console.end();
  console.show(["60%"]);
  console.writeLine("end");
  await written();
  assertEquals(screen.text, ["end", ""]);
});

Deno.test("Console draws nothing where stderr is no terminal", async () => {
  const texts: string[] = [];
  const pipe = {
    write: (bytes: Uint8Array) => {
      texts.push(new TextDecoder().decode(bytes));
      return Promise.resolve(bytes.length);
    },
    isTerminal: () => false,
  };
  const console = new Console({
    stdout: pipe,
    stderr: pipe,
    size: () => ({ columns: 80, rows: 24 }),
    canMoveCursor: true,
    widthOf: stringWidth,
  });
  console.show(["50%"]);
  console.writeLine("line");
  using _ = await console.suspendBlock();
  await written();
  assertEquals([console.isLive, texts], [false, ["line\n"]]);
});

Deno.test("canMoveCursor() is false for executables that Windows shows escapes of", () => {
  const cases: [denoVersion: string, canMove: boolean][] = [
    ["2.4.2", false],
    ["2.8.1", false],
    ["2.8.2", true],
    ["2.8.10", true],
    ["2.9.0", true],
    ["2.10.0-rc.1", true],
    ["3.0.0", true],
  ];
  for (const [denoVersion, canMove] of cases) {
    const host = {
      platform: "windows",
      isStandalone: true,
      denoVersion,
      term: undefined,
    } as const;
    assertEquals(canMoveCursor(host), canMove, denoVersion);
    assertEquals(canMoveCursor({ ...host, isStandalone: false }), true);
    assertEquals(canMoveCursor({ ...host, platform: "linux" }), true);
  }
});

Deno.test("canMoveCursor() is false for a dumb terminal", () => {
  const host = { platform: "linux", isStandalone: false, denoVersion: "2.9.6" };
  for (const [term, canMove] of [["dumb", false], ["xterm", true]] as const) {
    assertEquals(canMoveCursor({ ...host, platform: "linux", term }), canMove);
  }
});
