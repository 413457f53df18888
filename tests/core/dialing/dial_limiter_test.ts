import { assertEquals } from "@std/assert";
import { CallBudget } from "../../../lib/dialing/dial_limiter.ts";

const HOST = "192.0.2.1";

/** Calls while there may be one more. Returns how many there were. */
function callAll(budget: CallBudget, now: number): number {
  let count = 0;
  for (; budget.mayCall(now); count++) budget.called(now);
  return count;
}

Deno.test("CallBudget allows some calls at once, and some in each second after", () => {
  const budget = new CallBudget();
  assertEquals(callAll(budget, 1_000), 64);
  assertEquals(callAll(budget, 1_000), 0);
  assertEquals(callAll(budget, 2_000), 20);
  assertEquals(callAll(budget, 1_000_000), 64);
});

Deno.test("CallBudget leaves a host alone for longer each time that nobody answers", () => {
  const budget = new CallBudget();
  const rests: number[] = [];
  let now = 0;
  for (let count = 0; count < 17; count++) {
    budget.unanswered(HOST, now);
    const rest = budget.restOf(HOST, now);
    rests.push(rest / 1000);
    now += rest;
  }
  assertEquals(rests.slice(0, 11), [0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8]);
  assertEquals(rests.slice(-4), [64, 120, 120, 120]);
  assertEquals(budget.restOf("192.0.2.2", now), 0);
});

Deno.test("CallBudget forgives a host where a peer answers", () => {
  const budget = new CallBudget();
  for (let count = 0; count < 12; count++) budget.unanswered(HOST, 0);
  assertEquals(budget.restOf(HOST, 0), 16_000);
  budget.answered(HOST);
  assertEquals(budget.restOf(HOST, 0), 0);
  budget.unanswered(HOST, 0);
  assertEquals(budget.restOf(HOST, 0), 0);
});

Deno.test("CallBudget has a thousand ports of one host called a few times only", () => {
  const budget = new CallBudget();
  let callCount = 0;
  // Ten minutes in which there is always another port to try.
  for (let now = 0; now < 600_000; now += 100) {
    while (budget.mayCall(now) && budget.restOf(HOST, now) === 0) {
      budget.called(now);
      budget.unanswered(HOST, now);
      callCount++;
    }
  }
  assertEquals(callCount, 18);
});

Deno.test("CallBudget does not mind who is silent on the own machine", () => {
  const budget = new CallBudget();
  for (let count = 0; count < 100; count++) budget.unanswered("127.0.0.1", 0);
  assertEquals(budget.restOf("127.0.0.1", 0), 0);
});

Deno.test("CallBudget remembers a thousand hosts, those that were silent last", () => {
  const budget = new CallBudget();
  for (let count = 0; count < 20; count++) budget.unanswered(HOST, 0);
  for (let host = 0; host < 1_023; host++) {
    budget.unanswered(`host ${host}`, 0);
  }
  assertEquals(budget.restOf(HOST, 0) > 0, true);
  budget.unanswered("one more", 0);
  assertEquals(budget.restOf(HOST, 0), 0);
});
