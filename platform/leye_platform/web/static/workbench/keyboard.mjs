// @ts-check
// The keyboard adapter: a key emits a command, or nothing. Never while text is composed, never in a text
// field, never with Alt, Ctrl or Meta, never an F-key; and only while shortcuts are on.

/** @typedef {{command: string, label: string, key: string, within?: string}} Command within: the id of the only element where the key lives */

const OFF = "leye.keys-off";

/**
 * The command that a key press means, or null.
 * @param {{key: string, isComposing?: boolean, altKey?: boolean, ctrlKey?: boolean, metaKey?: boolean,
 *   shiftKey?: boolean, repeat?: boolean, target?: any}} event
 * @param {Command[]} commands
 * @returns {string | null}
 */
export function commandOf(event, commands) {
  if (event.isComposing || event.key === "Process" || event.altKey || event.ctrlKey || event.metaKey) return null;
  // A key held down goes on only where it walks.
  if ((event.repeat && !event.key.startsWith("Arrow")) || isTextField(event.target)) return null;
  const pressed = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  if (/^F\d+$/.test(pressed)) return null;
  // Enter on something that can be pressed means pressing it.
  if (pressed === "Enter" && isPressable(event.target)) return null;
  const wanted = event.shiftKey ? [`Shift+${pressed}`, pressed] : [pressed];
  for (const key of wanted.map((name) => name.toUpperCase())) {
    const found = commands.find((one) => one.key && one.key.toUpperCase() === key && livesAt(one, event.target));
    if (found) return found.command;
  }
  return null;
}

/** @param {Command} command @param {any} target */
function livesAt(command, target) {
  return !command.within || !!(target && target.closest && target.closest(`#${command.within}`));
}

/** @param {any} target */
function isTextField(target) {
  if (!target || !target.tagName) return false;
  if (target.isContentEditable || target.tagName === "TEXTAREA" || target.tagName === "SELECT") return true;
  return target.tagName === "INPUT" && !["radio", "checkbox", "button", "submit"].includes(target.type);
}

/** @param {any} target */
function isPressable(target) {
  return !!target && ["A", "BUTTON", "SUMMARY"].includes(target.tagName);
}

/**
 * @param {EventTarget} root
 * @param {Command[]} commands
 * @param {(command: string) => void} emit
 * @param {() => boolean} on whether shortcuts are on
 */
export function listenToKeys(root, commands, emit, on) {
  root.addEventListener("keydown", (event) => {
    const command = on() ? commandOf(/** @type {KeyboardEvent} */ (event), commands) : null;
    if (command === null) return;
    event.preventDefault();
    emit(command);
  });
}

/**
 * The page's own switch for shortcuts (#keys-on), remembered in this browser.
 * @param {Document} page
 * @param {Pick<Storage, "getItem" | "setItem"> | null} storage
 * @returns {() => boolean} whether shortcuts are on
 */
export function shortcutSwitch(page, storage) {
  const box = /** @type {HTMLInputElement | null} */ (page.getElementById("keys-on"));
  if (!box) return () => true;
  box.checked = !storage || storage.getItem(OFF) !== "yes";
  const show = () => page.documentElement.toggleAttribute("data-keys-off", !box.checked);
  box.addEventListener("change", () => {
    if (storage) storage.setItem(OFF, box.checked ? "" : "yes");
    show();
  });
  /** @type {HTMLElement} */ (box.parentElement).hidden = false;
  show();
  return () => box.checked;
}
