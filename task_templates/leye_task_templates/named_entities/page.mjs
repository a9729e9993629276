// @ts-check
// The page's parts of the entity tool: the words as buttons, the list of what is marked, the labels. They show the
// state and emit commands; none decides anything.

import { fill } from "./fill.mjs";
import { selected, textOf } from "./state.mjs";

/** @typedef {import("./state.mjs").State} State */
/** @typedef {(text: string) => string} Translate */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @type {State["tokens"] | null} what the buttons stand for */
let shown = null;

/**
 * @param {HTMLElement} form
 * @param {State} state
 * @param {Translate} t
 */
export function draw(form, state, t) {
  for (const one of form.querySelectorAll("[data-plain]")) one.remove();
  for (const one of form.querySelectorAll("[data-scripted]")) /** @type {HTMLElement} */ (one).hidden = false;
  const box = byId("tokens");
  const focused = box.contains(document.activeElement) || state.news.kind === "editing";
  if (shown !== state.tokens) build(box, state);
  shown = state.tokens;
  mark(box, state, t);
  if (focused) /** @type {HTMLElement} */ (box.querySelector('[tabindex="0"]')).focus();
  list(state, t);
  for (const button of form.querySelectorAll("[data-label]")) {
    button.setAttribute("aria-pressed", String(button.getAttribute("data-label") === String(state.label + 1)));
  }
  const picker = /** @type {HTMLSelectElement | null} */ (form.querySelector("select[data-command]"));
  if (picker) picker.value = String(state.label + 1);
  const none = /** @type {HTMLInputElement} */ (form.querySelector('[data-command="none"]'));
  none.checked = state.none && !state.spans.length;
  none.disabled = state.spans.length > 0;
}

const CLOSING = /^[，。、；：？！”’）】》〉」』〕…,.;:?!)\]}%]$/;
const OPENING = /^[“‘（【《〈「『〔([{]$/;
const MOST_SIGNS = 3; // spans.css leaves room for as many beside a word

/** Whether a sign keeps this token on the line of the one before it; browsers part buttons anywhere. @param {State["tokens"]} tokens @param {number} n */
function joined(tokens, n) {
  const [before, here] = [tokens[n - 1], tokens[n]];
  if (!before || !here || before.blank || here.blank) return false;
  return CLOSING.test(here.text) || OPENING.test(before.text);
}

/** @param {HTMLElement} box @param {State} state */
function build(box, state) {
  box.textContent = "";
  let home = box;
  let more = 0;
  state.tokens.forEach((token, n) => {
    if (token.blank) {
      box.append(token.text);
      return;
    }
    const button = element("button", token.shown || token.text, token.shown ? "token sign" : "token");
    button.setAttribute("type", "button");
    button.dataset.command = `token ${n + 1}`;
    if (home === box || !joined(state.tokens, n) || more === MOST_SIGNS) {
      home = joined(state.tokens, n + 1) ? element("span", "", "kept") : box;
      if (home !== box) box.append(home);
      more = 0;
    } else {
      more += 1;
    }
    if (home === box) {
      box.append(button);
      return;
    }
    const room = element("span", "", "room");
    room.append(button);
    home.append(room);
  });
}

/** @param {HTMLElement} box @param {State} state @param {Translate} t */
function mark(box, state, t) {
  const [first, last] = state.from < 0 ? [-1, -1] : selected(state);
  const edited = state.spans[state.editing];
  for (const one of box.querySelectorAll("button")) {
    const n = Number((one.dataset.command || "").split(" ")[1]) - 1;
    const { start, end, shown: sign, text } = state.tokens[n];
    const over = state.spans.filter((span) => span.start < end && span.end > start);
    const ends = over.filter((span) => span.end <= end);
    one.tabIndex = n === state.at ? 0 : -1;
    one.setAttribute("aria-pressed", String(n >= first && n <= last));
    one.classList.toggle("in", over.length > 0);
    one.classList.toggle("edited", !!edited && over.includes(edited));
    one.textContent = sign || text;
    if (over.length) one.append(element("span", over.map((span) => role(state, span, start, end, t)).join(""), "hidden"));
    for (const span of ends) one.append(tag(state.view.labels[span.label].label));
  }
}

/** What a reader hears after a marked word. @param {State} state @param {{start: number, end: number, label: number}} span @param {number} start @param {number} end @param {Translate} t */
function role(state, span, start, end, t) {
  const label = state.view.labels[span.label].label;
  const begins = span.start >= start;
  const finishes = span.end <= end;
  if (begins === finishes) return `（${label}）`;
  return fill(begins ? t("（{label}，开始）") : t("（{label}，结束）"), { label });
}

/** @param {string} label */
function tag(label) {
  const small = element("small", label, "tag");
  small.setAttribute("aria-hidden", "true");
  return small;
}

/** @param {State} state @param {Translate} t */
function list(state, t) {
  const { labels } = state.view;
  const rows = state.spans.map((span, n) => {
    const values = { text: textOf(state, span), label: labels[span.label].label };
    const row = element("li", "", "split");
    const words = element("span", values.text, "marked");
    words.append(element("small", values.label, "tag"));
    const entry = /** @type {HTMLInputElement} */ (element("input", "", ""));
    Object.assign(entry, { type: "hidden", name: "choice", value: `span ${span.start} ${span.end} ${labels[span.label].value}` });
    const buttons = element("span", "", "row");
    buttons.append(
      command(`edit ${n + 1}`, t("改标签"), fill(t("改标签：{text}（{label}）"), values)),
      command(`delete ${n + 1}`, t("删掉"), fill(t("删掉：{text}（{label}）"), values)),
    );
    row.append(words, entry, buttons);
    return row;
  });
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  const was = focused && byId("spans").contains(focused) ? focused.dataset.command || "" : "";
  byId("spans").replaceChildren(...rows);
  byId("how-many").textContent = fill(t("标好的：{n} 处"), { n: rows.length });
  if (was) (document.querySelector(`[data-command="${was}"]`) || byId("tokens").querySelector('[tabindex="0"]')).focus();
}

/** @param {string} name @param {string} words @param {string} label */
function command(name, words, label) {
  const button = element("button", words, "button small");
  button.setAttribute("type", "button");
  button.setAttribute("aria-label", label);
  button.dataset.command = name;
  return button;
}

/** @param {string} name @param {string} text @param {string} className */
function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

/**
 * What emits commands beside buttons and keys: a stroke over words, a list of labels, and how the page breaks lines.
 * @param {HTMLElement} form
 * @param {(command: string) => unknown} run
 * @param {() => State} now
 */
export function listen(form, run, now) {
  const box = byId("tokens");
  const picker = /** @type {HTMLSelectElement | null} */ (form.querySelector("select[data-command]"));
  if (picker) picker.addEventListener("change", () => run(`pick ${picker.value}`));
  let pressed = "";
  box.addEventListener("pointerdown", (event) => (pressed = event.isPrimary ? place(event.target) : ""));
  box.addEventListener("pointerup", (event) => {
    const reached = place(document.elementFromPoint(event.clientX, event.clientY));
    if (pressed && reached && reached !== pressed) [`from ${pressed}`, `to ${reached}`].forEach(run);
    pressed = "";
  });
  // Firefox presses a button when Space is let go, though the key has already marked.
  box.addEventListener("keyup", (event) => event.key === " " && event.preventDefault());
  const measure = () => {
    const lines = breaks(box);
    if (lines.join() !== now().lines.join()) run(`lines ${lines.join(" ")}`);
  };
  box.addEventListener("keydown", measure);
  addEventListener("resize", measure);
  measure();
}

/** @param {EventTarget | null} target @returns {string} the number of the word there, or nothing */
function place(target) {
  const word = target instanceof Element && target.closest("#tokens button");
  return word ? (/** @type {HTMLElement} */ (word).dataset.command || "").split(" ")[1] : "";
}

/** @param {HTMLElement} box @returns {number[]} the first word of each line */
function breaks(box) {
  /** @type {number[]} */
  const firsts = [];
  let top = -Infinity;
  for (const one of box.querySelectorAll("button")) {
    if (one.offsetTop > top + one.offsetHeight / 2) {
      firsts.push(Number(place(one)) - 1);
      top = one.offsetTop;
    }
  }
  return firsts;
}
