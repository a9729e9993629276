// @ts-check
// Keys for a page that is a plain form: a key presses the control that carries its command.

import { t } from "../messages.mjs";
import { localShelf } from "./journal.mjs";
import { listenToKeys, shortcutSwitch } from "./keyboard.mjs";

const holder = document.getElementById("commands");
const commands = JSON.parse((holder && holder.textContent) || "[]");
/** @type {HTMLInputElement[]} what was chosen, to undo it */
const past = [];

document.addEventListener("change", (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  if (input.dataset.command) past.push(input);
  // What a choice asks for beside it is shown with it.
  const details = document.querySelector(`details[data-opened-by="${CSS.escape(input.value)}"]`);
  if (details) details.setAttribute("open", "");
  if (input.name === "decision") fit();
});
document.addEventListener("click", (event) => {
  const pressed = /** @type {HTMLElement} */ (event.target).closest('button[data-command="undo"]');
  if (!pressed) return;
  event.preventDefault();
  undo();
});
fit();
listenToKeys(document, commands, press, shortcutSwitch(document, localShelf()));

/** Of the reasons, those that fit the decision; where but one of them needs no words of its own, it is chosen. */
function fit() {
  const decision = /** @type {HTMLInputElement | null} */ (document.querySelector('[name="decision"]:checked'));
  const verdict = decision ? decision.value.split(":")[0] : "";
  const fitting = [];
  for (const label of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-fits]"))) {
    const input = /** @type {HTMLInputElement} */ (label.querySelector("input"));
    label.hidden = !(label.dataset.fits || "").split(" ").includes(verdict);
    if (label.hidden) input.checked = false;
    else fitting.push(input);
  }
  if (verdict && fitting.length === 2 && !fitting.some((one) => one.checked)) fitting[0].checked = true;
}

/** @param {string} command */
function press(command) {
  if (command === "undo") {
    undo();
    return;
  }
  const control = /** @type {HTMLElement | null} */ (document.querySelector(`[data-command="${command}"]`));
  if (control) control.click();
}

function undo() {
  const last = past.pop();
  if (last) last.checked = false;
  const before = past[past.length - 1];
  if (last && before && before.name === last.name) before.checked = true;
  fit();
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = last ? t("已撤销") : t("没有可以撤销的");
}
