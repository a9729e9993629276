// The keyboard adapter without a browser.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  commandOf,
  listenToKeys,
  shortcutSwitch,
} from "../../platform/leye_platform/web/static/workbench/keyboard.mjs";

const COMMANDS = [
  { command: "choose 1", label: "甲", key: "1" },
  { command: "undo", label: "撤销", key: "Z" },
  { command: "submit", label: "提交", key: "Enter" },
];
const press = (key, more = {}) => commandOf({ key, target: { tagName: "BODY" }, ...more }, COMMANDS);

test("keys mean commands in either case", () => {
  assert.equal(press("1"), "choose 1");
  assert.equal(press("z"), "undo");
  assert.equal(press("Z"), "undo");
  assert.equal(press("Enter"), "submit");
  assert.equal(press("x"), null);
});

test("no key acts while text is composed, in a text field, with a modifier, or when it repeats", () => {
  for (const more of [
    { isComposing: true },
    { altKey: true },
    { ctrlKey: true },
    { metaKey: true },
    { repeat: true },
    { target: { tagName: "TEXTAREA" } },
    { target: { tagName: "INPUT", type: "text" } },
    { target: { tagName: "DIV", isContentEditable: true } },
  ]) {
    for (const key of ["1", "z", "Enter"]) assert.equal(press(key, more), null, JSON.stringify(more));
  }
  assert.equal(press("Process"), null);
  assert.equal(press("F5"), null);
});

test("digits work on a radio; Enter on a link or button presses that instead", () => {
  assert.equal(press("1", { target: { tagName: "INPUT", type: "radio" } }), "choose 1");
  assert.equal(press("Enter", { target: { tagName: "A" } }), null);
  assert.equal(press("Enter", { target: { tagName: "BUTTON" } }), null);
});

/** A page with the switch for shortcuts, and a key press on it. */
function page() {
  const root = new EventTarget();
  const box = Object.assign(new EventTarget(), { checked: true, parentElement: { hidden: true } });
  const flags = new Map();
  const documentElement = { toggleAttribute: (name, on) => flags.set(name, on) };
  return { root, box, flags, getElementById: (id) => (id === "keys-on" ? box : null), documentElement };
}

function shelf() {
  const content = new Map();
  return { getItem: (name) => content.get(name) ?? null, setItem: (name, value) => content.set(name, value) };
}

function key(name) {
  return Object.assign(new Event("keydown", { cancelable: true }), { key: name });
}

test("shortcuts can be turned off, stay off on the next page, and can be turned on again", () => {
  const storage = shelf();
  const sent = [];
  const first = page();
  listenToKeys(first.root, COMMANDS, (command) => sent.push(command), shortcutSwitch(first, storage));
  first.root.dispatchEvent(key("1"));
  first.box.checked = false;
  first.box.dispatchEvent(new Event("change"));
  first.root.dispatchEvent(key("1"));
  assert.deepEqual(sent, ["choose 1"]);
  assert.equal(first.flags.get("data-keys-off"), true);

  const second = page();
  const on = shortcutSwitch(second, storage);
  assert.equal(on(), false);
  assert.equal(second.box.parentElement.hidden, false);
  second.box.checked = true;
  second.box.dispatchEvent(new Event("change"));
  assert.equal(shortcutSwitch(page(), storage)(), true);
});

test("a key that means a command keeps the browser from acting on it; others go through", () => {
  const { root } = page();
  listenToKeys(root, COMMANDS, () => {}, () => true);
  const used = key("Enter");
  const other = key("x");
  root.dispatchEvent(used);
  root.dispatchEvent(other);
  assert.deepEqual([used.defaultPrevented, other.defaultPrevented], [true, false]);
});
