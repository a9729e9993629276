// The entity tool and the store without a browser: commands in, states out.
import assert from "node:assert/strict";
import { test } from "node:test";

import { commandOf } from "../../platform/leye_platform/web/static/workbench/keyboard.mjs";
import { Store } from "../../platform/leye_platform/web/static/workbench/store.mjs";
import { selected } from "../../task_templates/leye_task_templates/named_entities/state.mjs";
import * as tool from "../../task_templates/leye_task_templates/named_entities/tool.mjs";

const same = (text) => text;
const TEXT = "昨天李娜👩‍🔧在上海的晨光纸厂\u202e修机器。";
const LETTERS = [...TEXT];
const EMOJI = 4; // three code points that are one piece

const PIECES = [1, 1, 1, 1, 3, ...LETTERS.slice(EMOJI + 3).map(() => 1)];
const VIEW = {
  texts: [{ value: TEXT }],
  pieces: PIECES,
  signs: { [LETTERS.indexOf("\u202e") - 2]: "U+202E" },
  labels: ["人名", "地名", "单位"].map((label) => ({ value: label, label, hint: "" })),
  control: "label",
  object: "text",
};
const opened = (chosen = [], view = VIEW) => new Store(tool.start(view, chosen), tool.reduce, tool);
const send = (store, ...commands) => commands.map((command) => store.send(command));
const at = (store, text) => store.state.tokens.findIndex((token) => token.text === text) + 1;

/** Two presses, from one word to another. */
function choose(store, first, last = first) {
  send(store, `token ${at(store, first)}`);
  if (last !== first) send(store, `token ${at(store, last)}`);
}

test("positions count code points, so that an emoji before a word moves it by its code points", () => {
  const store = opened();
  choose(store, "上海");
  send(store, "label 2");
  const [region] = tool.result(store.state);
  const start = LETTERS.indexOf("上");
  assert.deepEqual(region.value, { start, end: start + 2, text: "上海", labels: ["地名"] });
  assert.deepEqual([region.from_name, region.to_name, region.type], ["label", "text", "labels"]);
  assert.deepEqual(tool.chosen(store.state), [`span ${start} ${start + 2} 地名`]);
});

test("words are whole, pieces are never cut, and a sign that turns the text stands alone", () => {
  const { tokens } = opened().state;
  assert.ok(tokens.some((token) => token.text === "上海"));
  assert.ok(tokens.some((token) => token.text === "👩‍🔧"));
  assert.equal(tokens.find((token) => token.shown).shown, "U+202E");
  assert.equal(tokens.map((token) => token.text).join(""), TEXT);
});

test("without a browser that knows words, each piece is a word", () => {
  const { Segmenter } = Intl;
  Intl.Segmenter = undefined;
  try {
    assert.equal(opened().state.tokens.length, VIEW.pieces.length);
  } finally {
    Intl.Segmenter = Segmenter;
  }
});

test("walking selects nothing, is no step to undo, and stops at both ends", () => {
  const store = opened();
  assert.deepEqual(send(store, "left", "up"), [false, false]);
  send(store, "right", "right");
  assert.equal(store.state.at, 2);
  assert.equal(store.send("undo"), false);
  for (let n = 0; n < 60; n++) store.send("right");
  assert.equal(store.state.at, store.state.tokens.length - 1);
});

test("up and down keep the place in the line, as the page breaks lines", () => {
  const store = opened();
  send(store, "lines 0 4 8", "right", "down");
  assert.equal(store.state.at, 5);
  send(store, "down", "down", "up", "up");
  assert.equal(store.state.at, 1);
});

test("shift extends over lines and words, and a digit marks what is selected", () => {
  const store = opened();
  send(store, "right", "extend right");
  assert.deepEqual(selected(store.state), [1, 2]);
  assert.match(tool.words(store.state, "extend right", same), /^已选 2 词：/);
  send(store, "label 1");
  assert.equal(store.state.spans.length, 1);
  assert.equal(tool.words(store.state, "label 1", same).startsWith("标上人名："), true);
  send(store, "undo");
  assert.equal(store.state.spans.length, 0);
  assert.match(tool.missing(store.state, same), /还没有标；/);
});

test("Space marks the word in focus, and again takes it away", () => {
  const store = opened();
  send(store, "mark");
  assert.equal(store.state.spans.length, 1);
  send(store, "mark");
  assert.equal(store.state.spans.length, 0);
  assert.match(tool.words(store.state, "mark", same), /去掉人名/);
});

test("a new label on the same range takes the place of the old one; spans may overlap", () => {
  const store = opened();
  choose(store, "上海");
  send(store, "label 2");
  choose(store, "上海");
  send(store, "label 3");
  assert.deepEqual(store.state.spans.map((span) => span.label), [2]);
  const last = store.state.tokens[at(store, "的") - 1].text;
  choose(store, "上海", last);
  send(store, "label 1");
  assert.equal(store.state.spans.length, 2);
});

test("a marked span is changed and deleted from its list", () => {
  const store = opened(["span 2 4 人名"]);
  send(store, "edit 1");
  assert.match(tool.words(store.state, "edit 1", same), /正在改“李娜”/);
  send(store, "label 3");
  assert.deepEqual(tool.chosen(store.state), ["span 2 4 单位"]);
  send(store, "delete 1");
  assert.deepEqual(tool.chosen(store.state), []);
  send(store, "undo", "undo");
  assert.deepEqual(tool.chosen(store.state), ["span 2 4 人名"]);
});

test("a word is split into its characters, once", () => {
  const store = opened();
  store.send(`token ${at(store, "上海")}`);
  assert.equal(store.send("split"), true);
  assert.equal(store.state.tokens[store.state.at].text, "上");
  assert.equal(store.send("split"), false);
  send(store, "mark");
  assert.equal(tool.result(store.state)[0].value.text, "上");
});

test("an answer of nothing is said, never stumbled into", () => {
  const store = opened();
  assert.match(tool.missing(store.state, same), /还没有标/);
  send(store, "none");
  assert.equal(tool.missing(store.state, same), "");
  assert.deepEqual(tool.chosen(store.state), ["none"]);
  send(store, "mark");
  assert.equal(store.state.none, false);
  choose(store, "上海");
  assert.match(tool.missing(store.state, same), /还没有标上/);
  send(store, "cancel");
  assert.equal(tool.missing(store.state, same), "");
});

test("what is said is at most forty characters, with labels of eighty and texts of any length", () => {
  const labels = Array.from({ length: 200 }, (_, n) => ({ value: `${n}`, label: "很".repeat(80), hint: "" }));
  const store = opened([], { ...VIEW, labels });
  for (const command of ["from 1", `to ${store.state.tokens.length}`, "label 200", "edit 1", "pick 3", "delete 1", "undo"]) {
    store.send(command);
    assert.ok([...tool.words(store.state, command, same)].length <= 40, command);
  }
});

test("commands that are unknown or out of reach change nothing", () => {
  const store = opened();
  const wrong = ["dance", "token 0", "token 999", "label 9", "delete 1", "edit 4", "to 3", "extend sideways", "constructor", "pick x"];
  for (const command of wrong) assert.equal(store.send(command), false, command);
});

test("any train of commands and undos leads back to where it began", () => {
  const store = opened(["span 2 4 人名"]);
  const before = tool.chosen(store.state);
  const all = ["left", "right", "extend right", "extend down", "mark", "split", "label 1", "label 2", "token 3", "edit 1", "delete 1", "none"];
  let seed = 11;
  for (let n = 0; n < 90; n++) {
    seed = (seed * 48271) % 2147483647;
    store.send(all[seed % all.length]);
    for (const { start, end } of store.state.spans) assert.ok(start < end && end <= LETTERS.length);
  }
  while (store.send("undo"));
  assert.deepEqual(tool.chosen(store.state), before);
});

test("keys walk and extend only among the words, and are held down only to walk", () => {
  const inside = { tagName: "BUTTON", closest: (selector) => selector === "#tokens" };
  const outside = { tagName: "BODY", closest: () => null };
  const commands = [
    { command: "right", label: "", key: "ArrowRight", within: "tokens" },
    { command: "extend right", label: "", key: "Shift+ArrowRight", within: "tokens" },
    { command: "mark", label: "", key: "Space", within: "tokens" },
    { command: "label 1", label: "", key: "1" },
  ];
  assert.equal(commandOf({ key: "ArrowRight", target: inside, repeat: true }, commands), "right");
  assert.equal(commandOf({ key: "ArrowRight", target: inside, shiftKey: true }, commands), "extend right");
  assert.equal(commandOf({ key: " ", target: inside }, commands), "mark");
  assert.equal(commandOf({ key: "1", target: inside, repeat: true }, commands), null);
  assert.equal(commandOf({ key: "1", target: outside }, commands), "label 1");
  for (const key of ["ArrowRight", " "]) assert.equal(commandOf({ key, target: outside }, commands), null);
});

test("clear takes all marks away in one step, says how many are left, and undo brings them back", () => {
  const store = opened([`span 1 3 人名`, `span 8 10 地名`]);
  assert.deepEqual(send(store, "clear", "clear"), [true, false]);
  assert.deepEqual([store.state.spans.length, store.state.none], [0, false]);
  assert.equal(tool.words(store.state, "clear", same), "共标 0 处");
  send(store, "undo");
  assert.equal(store.state.spans.length, 2);
});
