// The tool and the store without a browser: commands in, states out.
import assert from "node:assert/strict";
import { test } from "node:test";

import { DEPTH, Store } from "../../platform/leye_platform/web/static/workbench/store.mjs";
import * as tool from "../../task_templates/leye_task_templates/text_classification/tool.mjs";

const same = (text) => text;
const VIEW = {
  choices: [
    { value: "a", label: "甲" },
    { value: "b", label: "乙" },
    { value: "c", label: "丙" },
  ],
  multiple: false,
  required: true,
  control: "label",
  object: "text",
};

test("a single choice replaces the one before, and undo brings it back", () => {
  const store = new Store(tool.start(VIEW, []), tool.reduce);
  assert.equal(store.send("choose 1"), true);
  assert.equal(store.send("choose 2"), true);
  assert.deepEqual(tool.chosen(store.state), ["b"]);
  store.send("undo");
  assert.deepEqual(tool.chosen(store.state), ["a"]);
  store.send("undo");
  assert.deepEqual(tool.chosen(store.state), []);
  assert.equal(store.send("undo"), false);
});

test("multiple choices toggle, and come out in the order of the config", () => {
  const store = new Store(tool.start({ ...VIEW, multiple: true }, []), tool.reduce);
  for (const command of ["choose 3", "choose 1", "choose 2", "choose 2"]) store.send(command);
  assert.deepEqual(tool.result(store.state)[0].value.choices, ["a", "c"]);
  assert.match(tool.words(store.state, "choose 2", same), /甲、丙/);
});

test("an unknown command or the same choice again changes nothing", () => {
  const store = new Store(tool.start(VIEW, ["a"]), tool.reduce);
  for (const command of ["choose 1", "choose 9", "choose", "dance", "choose 1; choose 2"]) {
    assert.equal(store.send(command), false, command);
  }
  assert.equal(store.history.past.length, 0);
});

test("nothing chosen is said before anything is sent", () => {
  assert.match(tool.missing(tool.start(VIEW, []), same), /还没有选/);
  assert.equal(tool.missing(tool.start(VIEW, ["a"]), same), "");
  assert.deepEqual(tool.start(VIEW, ["gone"]).chosen, []);
});

test("the history is at least twenty deep, and bounded", () => {
  const store = new Store(tool.start(VIEW, []), tool.reduce);
  for (let n = 0; n < 3 * DEPTH; n++) store.send(`choose ${(n % 3) + 1}`);
  assert.ok(DEPTH >= 20);
  assert.equal(store.history.past.length, DEPTH);
});

test("a set that may stay empty may be submitted empty", () => {
  const view = { ...VIEW, multiple: true, required: false };
  assert.equal(tool.missing(tool.start(view, []), same), "");
  assert.deepEqual(tool.result(tool.start(view, [])), []);
});

test("what is said after any command is at most forty characters", () => {
  const long = { ...VIEW, choices: [{ value: "a", label: "很".repeat(90) }] };
  const store = new Store(tool.start(long, []), tool.reduce);
  store.send("choose 1");
  assert.ok(tool.words(store.state, "choose 1", same).length <= 40);
  assert.ok(tool.words(store.state, "undo", same).length <= 40);
});

test("any train of commands and undos leads back to where it began", () => {
  const start = tool.start({ ...VIEW, multiple: true }, ["b"]);
  const store = new Store(start, tool.reduce);
  let seed = 7;
  for (let n = 0; n < 60; n++) {
    seed = (seed * 48271) % 2147483647;
    store.send(["choose 1", "choose 2", "choose 3", "clear"][seed % 4]);
  }
  while (store.send("undo"));
  assert.deepEqual(store.state, start);
});
