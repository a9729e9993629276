// When the reminder to rest is due, without a browser.
import assert from "node:assert/strict";
import { test } from "node:test";

import { BREAK_MS, Rest } from "../../platform/leye_platform/web/static/workbench/rest.mjs";

const MINUTE = 60000;

/** Touch every minute from `from` to `to` (minutes). */
function work(rest, from, to) {
  for (let minute = from; minute <= to; minute++) rest.touch(minute * MINUTE);
}

test("it is due after so many minutes of work, in whatever task, and not before", () => {
  const first = new Rest(30, null, 0);
  work(first, 0, 20);
  assert.equal(first.due(20 * MINUTE), 0);
  const second = new Rest(30, first.stretch, 21 * MINUTE);
  work(second, 21, 31);
  assert.equal(second.due(31 * MINUTE), 31);
});

test("a break begins a new stretch", () => {
  const rest = new Rest(30, null, 0);
  work(rest, 0, 29);
  const back = 29 * MINUTE + BREAK_MS + 1;
  rest.touch(back);
  assert.equal(rest.due(back + MINUTE), 0);
});

test("nobody who is away is spoken to", () => {
  const rest = new Rest(30, null, 0);
  work(rest, 0, 30);
  assert.equal(rest.due(30 * MINUTE + BREAK_MS + 1), 0);
});

test("going on asks again after as long a time", () => {
  const rest = new Rest(10, null, 0);
  work(rest, 0, 10);
  assert.equal(rest.due(10 * MINUTE), 10);
  rest.goOn(10 * MINUTE);
  work(rest, 11, 19);
  assert.equal(rest.due(19 * MINUTE), 0);
  work(rest, 20, 20);
  assert.equal(rest.due(20 * MINUTE), 10);
});

test("without a wish it never is", () => {
  const rest = new Rest(0, null, 0);
  work(rest, 0, 600);
  assert.equal(rest.due(600 * MINUTE), 0);
});
