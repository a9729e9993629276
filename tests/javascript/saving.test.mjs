// Drafts, submission, heartbeat and journal against a server and a clock that the test moves.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ActiveTime, QUIET_MS } from "../../platform/leye_platform/web/static/workbench/active_time.mjs";
import { Autosave } from "../../platform/leye_platform/web/static/workbench/autosave.mjs";
import { BEAT_MS, Heartbeat } from "../../platform/leye_platform/web/static/workbench/heartbeat.mjs";
import { Journal } from "../../platform/leye_platform/web/static/workbench/journal.mjs";
import { submit } from "../../platform/leye_platform/web/static/workbench/submit.mjs";

/**
 * A server that answers as told (0: the network is away), then confirms; notes what came and what was shown.
 * Pauses end when the test says so, or at once.
 */
function server(statuses, { held = false } = {}) {
  const sent = [];
  const shown = [];
  const pauses = [];
  const line = {
    wait: (ms) => (held ? new Promise((done) => pauses.push({ ms, done })) : Promise.resolve()),
    call: async (method, path, body, headers = {}) => {
      sent.push({ method, path, body, key: headers["Idempotency-Key"] });
      const status = statuses.length ? statuses.shift() : 200;
      return { status, words: status === 422 ? "还没有选" : "" };
    },
  };
  return { line, sent, shown, pauses, show: (state, words) => shown.push({ state, words }) };
}

const states = (one) => one.shown.map((each) => each.state);
const turn = () => new Promise((done) => setImmediate(done));

test("a submission is repeated with one key until it is confirmed", async () => {
  const one = server([0, 0, 503, 201]);
  assert.deepEqual(await submit(one.line, one.show, "key-1", { result: [] }), { done: true, words: "" });
  assert.deepEqual(new Set(one.sent.map((each) => each.key)), new Set(["key-1"]));
  assert.equal(one.sent.length, 4);
  assert.ok(one.shown.some((each) => each.state === "offline" && each.words === "网络断了，答案已存好，连上后自动提交"));
});

test("a submission that is throttled waits and comes again", async () => {
  const one = server([429, 408, 200]);
  assert.equal((await submit(one.line, one.show, "k", {})).done, true);
  assert.equal(one.sent.length, 3);
});

test("a refusal ends the tries and says what to change", async () => {
  const one = server([422]);
  assert.deepEqual(await submit(one.line, one.show, "k", {}), { done: false, words: "还没有选" });
  assert.equal(one.sent.length, 1);
});

test("drafts rest before they go, so that an answer submitted at once sends none", async () => {
  const one = server([], { held: true });
  const drafts = new Autosave(one.line, one.show, () => {});
  drafts.save({ n: 1 });
  await turn();
  assert.equal(one.sent.length, 0);
  await drafts.stop();
  assert.equal(one.sent.length, 0);
});

test("the newest draft goes out after the rest, the older ones never", async () => {
  const one = server([], { held: true });
  let saved = 0;
  const drafts = new Autosave(one.line, one.show, () => saved++);
  const ended = drafts.save({ n: 1 });
  drafts.save({ n: 2 });
  drafts.save({ n: 3 });
  one.pauses[0].done();
  await ended;
  assert.deepEqual(one.sent.map((each) => each.body.n), [3]);
  assert.deepEqual([saved, states(one)], [1, ["saving", "saved"]]);
});

test("a draft survives a dead network: it is tried until it arrives", async () => {
  const one = server([0, 503, 0, 200]);
  await new Autosave(one.line, one.show, () => {}).save({ n: 1 });
  assert.equal(one.sent.length, 4);
  assert.ok(states(one).includes("offline"));
  assert.equal(states(one).pop(), "saved");
});

test("the pauses between tries grow", async () => {
  const one = server([0, 0, 0], { held: true });
  const drafts = new Autosave(one.line, one.show, () => {});
  const ended = drafts.save({ n: 1 });
  for (let n = 0; n < 4; n++) {
    one.pauses[n].done();
    await turn();
  }
  await ended;
  const [, ...between] = one.pauses.map((pause) => pause.ms);
  assert.deepEqual(between, [...between].sort((a, b) => a - b));
  assert.ok(between[0] < between[between.length - 1]);
});

test("a refused draft is not repeated, and later ones still go", async () => {
  const one = server([422]);
  const drafts = new Autosave(one.line, one.show, () => {});
  await drafts.save({ n: 1 });
  assert.deepEqual(one.shown.pop(), { state: "error", words: "还没有选" });
  await drafts.save({ n: 2 });
  assert.deepEqual(one.sent.map((each) => each.body.n), [1, 2]);
});

test("stopping ends a long pause at once, and no draft overtakes the submission", async () => {
  const one = server([0], { held: true });
  const drafts = new Autosave(one.line, one.show, () => {});
  drafts.save({ n: 1 });
  one.pauses[0].done();
  await turn();
  assert.equal(one.shown.pop().state, "offline");
  await drafts.stop(); // would never end if it waited for the pause
  const count = one.sent.length;
  await turn();
  assert.equal(one.sent.length, count);
});

test("after a refused submission drafts go on", async () => {
  const one = server([]);
  const drafts = new Autosave(one.line, one.show, () => {});
  await drafts.stop();
  drafts.resume();
  await drafts.save({ n: 2 });
  assert.deepEqual(one.sent.map((each) => each.body.n), [2]);
});

test("a page that goes out of view sends its draft without resting", async () => {
  const one = server([], { held: true });
  const drafts = new Autosave(one.line, one.show, () => {});
  const ended = drafts.save({ n: 1 });
  drafts.flush();
  await ended;
  assert.equal(one.sent.length, 1);
});

test("the heart beats once a minute while the page is in view, and at once after a sleep", () => {
  const one = server([]);
  const heart = new Heartbeat(one.line, () => ({ active_ms: 5 }), 0);
  for (let now = 0; now < 3 * BEAT_MS; now += 5000) heart.tick(true, now);
  assert.equal(one.sent.length, 2);
  heart.tick(false, 10 * BEAT_MS);
  assert.equal(one.sent.length, 2);
  heart.tick(true, 10 * BEAT_MS);
  assert.deepEqual(one.sent[2], { method: "POST", path: "/heartbeat", body: { active_ms: 5 }, key: undefined });
});

/** A browser's storage. */
function shelf() {
  const content = new Map();
  return {
    getItem: (name) => content.get(name) ?? null,
    setItem: (name, value) => content.set(name, value),
    removeItem: (name) => content.delete(name),
    key: (n) => [...content.keys()][n] ?? null,
    get length() {
      return content.size;
    },
  };
}

test("the journal gives back what was written, and a full storage does no harm", () => {
  const storage = shelf();
  const journal = new Journal("7", storage);
  assert.equal(journal.read(), null);
  journal.write({ chosen: ["a"] }, 5);
  assert.deepEqual(journal.read(), { chosen: ["a"], at: 5 });
  journal.clear();
  assert.equal(journal.read(), null);
  const full = new Journal("7", { ...storage, setItem: () => { throw new Error("full"); } });
  full.write({}, 5);
  assert.equal(new Journal("7", null).read(), null);
});

test("journals of other tasks are forgotten after two weeks, and nothing else is", () => {
  const storage = shelf();
  const day = 24 * 3600 * 1000;
  storage.setItem("leye.keys-off", "yes");
  for (const [name, at] of [["old", 0], ["new", 10 * day], ["mine", 0]]) new Journal(name, storage).write({}, at);
  new Journal("mine", storage).sweep(15 * day);
  assert.equal(new Journal("old", storage).read(), null);
  assert.notEqual(new Journal("new", storage).read(), null);
  assert.notEqual(new Journal("mine", storage).read(), null);
  assert.equal(storage.getItem("leye.keys-off"), "yes");
});

test("active time counts what is in view, and stops after minutes without a touch", () => {
  const time = new ActiveTime(0);
  assert.equal(time.count(5000), 5000);
  time.see(false, 6000);
  assert.equal(time.count(60000), 6000);
  time.see(true, 100000);
  assert.equal(time.count(101000), 7000);
  assert.equal(time.count(100000 + 10 * QUIET_MS), 6000 + QUIET_MS);
});

test("active time goes on from what was measured before a reload", () => {
  assert.equal(new ActiveTime(1000, 30000).count(3000), 32000);
});
