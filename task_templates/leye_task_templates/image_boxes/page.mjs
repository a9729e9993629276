// @ts-check
// The page's parts of the box tool: the drawing over the picture, the list in words, the number fields, and the
// pointer. Each emits commands and shows the state; none decides anything.

import { t } from "../../messages.mjs";
import { aim, changing, drawing, edgesMoved, gridArea, labelShown } from "./state.mjs";
import { edgeWords, fill, labelOf, lengths, turn } from "./words.mjs";

/** @typedef {import("./state.mjs").State} State */
/** @typedef {import("./state.mjs").Area} Area */

const SVG = "http://www.w3.org/2000/svg";
const LETTER = 17; // CSS pixels: the size of what is written over the picture
const DRAG = 8; // CSS pixels that make a press a stroke
const REACH = 12; // CSS pixels around an edge of the box at hand in which a stroke takes hold of it

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * @param {HTMLElement} form
 * @param {State} state
 */
export function draw(form, state) {
  for (const id of ["tools", "marked", "fine"]) byId(id).hidden = false;
  byId("turn").textContent = turn(state, t);
  turnTo(changing(state) ? "changing" : "making");
  drawPicture(state);
  drawList(state);
  drawNumbers(state);
  for (const input of form.querySelectorAll('input[name="label"]')) {
    const radio = /** @type {HTMLInputElement} */ (input);
    radio.checked = radio.value === String(labelShown(state) + 1);
  }
  const list = /** @type {HTMLSelectElement | null} */ (form.querySelector("select#label"));
  if (list) list.value = String(labelShown(state) + 1);
  const none = /** @type {HTMLInputElement} */ (form.querySelector('[data-command="none"]'));
  none.checked = state.none && !state.boxes.length;
  none.disabled = state.boxes.length > 0;
  // The question leads until there is something to submit.
  for (const one of document.querySelectorAll(".commands [data-command=submit]")) {
    one.classList.toggle("quiet", !state.boxes.length && !state.none);
  }
  byId("adjusting").textContent = adjustWords(state);
  for (const button of form.querySelectorAll("[data-pressed]")) {
    const command = button.getAttribute("data-command");
    const on = command === `edge ${state.edge}` || command === `step ${state.step + 1}`;
    button.setAttribute("aria-pressed", String(on));
  }
}

/**
 * Show what the heading asks for: cells for a corner, or the way back to them. The focus does not get lost with a button.
 * @param {string} wanted
 */
function turnTo(wanted) {
  const held = byId("turns").contains(document.activeElement);
  for (const part of ["making", "changing"]) byId(part).toggleAttribute("data-aside", part !== wanted);
  if (held && !byId(wanted).contains(document.activeElement)) {
    /** @type {HTMLElement} */ (byId(wanted).querySelector("button")).focus();
  }
}

/** @param {State} state */
function adjustWords(state) {
  const step = fill(t("每步 {n} 像素"), { n: state.view.steps[state.step] });
  if (drawing(state)) return `${t("箭头移动准星")}${t("，")}${step}`;
  if (state.at < 0) return t("先画一个框，或者在下面选一个");
  return `${fill(t("框 {n}"), { n: state.at + 1 })}${t("：")}${edgeWords(state, t)}${t("，")}${step}`;
}

/** @param {string} name @param {Record<string, string | number>} attributes @param {string} [text] */
function shape(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

/** @param {State} state */
function drawPicture(state) {
  const drawn = byId("drawing");
  const scale = state.view.width / (drawn.clientWidth || state.view.width);
  const shapes = state.boxes.flatMap((box, n) => boxShapes(box, tag(state, n), scale, n === state.at));
  if (!changing(state)) shapes.push(...gridShapes(state, scale));
  drawn.replaceChildren(...shapes);
}

/** @param {State} state @param {number} n */
function tag(state, n) {
  return `${n + 1} ${labelOf(state, state.boxes[n].label)}`;
}

/** @param {Area} area @param {string} text @param {number} scale @param {boolean} atHand */
function boxShapes(area, text, scale, atHand) {
  const frame = { x: area.x, y: area.y, width: area.width, height: area.height };
  const size = LETTER * scale;
  const width = (text.length + [...text].filter((sign) => sign > "\u2e80").length) * size * 0.56 + size * 0.5;
  const above = area.y >= size * 1.4;
  const y = above ? area.y - size * 1.4 : area.y;
  return [
    shape("rect", { ...frame, class: "around" }),
    shape("rect", { ...frame, class: atHand ? "box at-hand" : "box" }),
    shape("rect", { x: area.x, y, width, height: size * 1.4, class: "ground" }),
    shape("text", { x: area.x + size * 0.25, y: y + size, "font-size": size, class: "letters" }, text),
  ];
}

/** @param {State} state @param {number} scale */
function gridShapes(state, scale) {
  const area = gridArea(state);
  const shapes = [];
  if (state.corner) shapes.push(...crossShapes(state.corner, scale, "fixed"));
  for (const n of [0, 1, 2, 3]) {
    const [x, y] = [area.x + (n * area.width) / 3, area.y + (n * area.height) / 3];
    for (const kind of ["grid around", "grid"]) {
      shapes.push(shape("line", { x1: x, x2: x, y1: area.y, y2: area.y + area.height, class: kind }));
      shapes.push(shape("line", { x1: area.x, x2: area.x + area.width, y1: y, y2: y, class: kind }));
    }
  }
  // Numbers where they fit; the pad beside the picture has them always.
  const size = LETTER * scale;
  if (Math.min(area.width, area.height) / 3 > size * 1.6) {
    for (let n = 0; n < 9; n++) {
      const x = area.x + ((n % 3) * area.width) / 3 + size * 0.3;
      const y = area.y + ((Math.floor(n / 3) + 1) * area.height) / 3 - size * 0.3;
      shapes.push(shape("rect", { x, y: y - size * 1.2, width: size * 1.2, height: size * 1.2, class: "ground" }));
      const place = { x: x + size * 0.32, y: y - size * 0.22, "font-size": size, class: "letters" };
      shapes.push(shape("text", place, String(n + 1)));
    }
  }
  if (drawing(state)) shapes.push(...crossShapes(aim(state), scale, "aim"));
  return shapes;
}

/** @param {{x: number, y: number}} at @param {number} scale @param {string} kind */
function crossShapes(at, scale, kind) {
  const arm = 14 * scale;
  return ["cross around", `cross ${kind}`].flatMap((name) => [
    shape("line", { x1: at.x - arm, x2: at.x + arm, y1: at.y, y2: at.y, class: name }),
    shape("line", { x1: at.x, x2: at.x, y1: at.y - arm, y2: at.y + arm, class: name }),
  ]);
}

/** @param {string} name @param {Record<string, string>} attributes @param {(Node | string)[]} inner */
function element(name, attributes, ...inner) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inner);
  return made;
}

/**
 * The list in words; the focus stays on the same deed, or goes to the list where that is gone.
 * @param {State} state
 */
function drawList(state) {
  const list = byId("boxes");
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const command = focused && focused.getAttribute("data-command");
  const items = state.boxes.map((box, n) => {
    const number = { n: n + 1 };
    const head = element("strong", {}, fill(t("框 {n}，{label}"), { ...number, label: labelOf(state, box.label) }));
    const marked = n === state.at ? [" ", element("span", { class: "badge info" }, changing(state) ? t("正在改") : t("刚画好"))] : [];
    const place = element("p", { class: "soft" }, lengths(box, t));
    const change = deed(`take ${n + 1}`, fill(t("改框 {n}"), number));
    const remove = deed(`delete ${n + 1}`, fill(t("删框 {n}"), number));
    const row = element("div", { class: "row" }, change, remove);
    return element("li", n === state.at ? { "aria-current": "true" } : {}, head, ...marked, place, row);
  });
  list.replaceChildren(...items);
  byId("no-boxes").hidden = items.length > 0;
  if (!focused) return;
  const again = list.querySelector(`[data-command="${command}"]`) || list.querySelector("button:last-of-type");
  /** @type {HTMLElement} */ (again || byId("boxes-title")).focus();
}

/** @param {string} command @param {string} text */
function deed(command, text) {
  return element("button", { type: "button", class: "link-button", "data-command": command }, text);
}

/** A row of fields for each box and one more; what is being typed in stays as it is. @param {State} state */
function drawNumbers(state) {
  const rows = byId("rows");
  while (rows.children.length < state.boxes.length + 1) addRow(rows);
  [...rows.children].forEach((row, n) => {
    const box = state.boxes[n];
    /** @type {HTMLElement} */ (row).hidden = n > state.boxes.length;
    if (row.contains(document.activeElement) && !box) return;
    const lengths = box ? [box.x, box.y, box.width, box.height] : [];
    const values = box ? lengths.map((one) => String(Math.round(one * 100) / 100)) : ["", "", "", ""];
    const label = box ? state.view.labels[box.label].value : "";
    [...values, label].forEach((value, field) => {
      const input = /** @type {HTMLInputElement} */ (row.querySelectorAll("[name=choice]")[field]);
      if (input !== document.activeElement) input.value = value;
    });
  });
}

/** @param {HTMLElement} rows */
function addRow(rows) {
  const row = /** @type {HTMLElement} */ (rows.children[0].cloneNode(true));
  const n = rows.children.length + 1;
  /** @type {HTMLElement} */ (row.querySelector("legend")).textContent = fill(t("第 {n} 个框"), { n });
  for (const input of row.querySelectorAll("[id]")) {
    const id = input.id.replace(/\d+$/, String(n));
    /** @type {HTMLElement} */ (row.querySelector(`label[for="${input.id}"]`)).setAttribute("for", id);
    input.id = id;
  }
  rows.append(row);
}

/**
 * What emits commands beside buttons and keys: presses on the picture, the number fields, a list of labels.
 * @param {HTMLElement} form
 * @param {(command: string) => unknown} run
 * @param {() => State} now
 */
export function listen(form, run, now) {
  listenToPicture(run, now);
  byId("numbers").removeAttribute("open"); // there are other ways now
  byId("more-rows").hidden = true; // rows come by themselves
  byId("rows").addEventListener("change", (event) => {
    const row = /** @type {HTMLElement} */ (/** @type {HTMLElement} */ (event.target).closest("fieldset"));
    const n = [.../** @type {HTMLElement} */ (row.parentElement).children].indexOf(row) + 1;
    const inputs = /** @type {NodeListOf<HTMLInputElement>} */ (row.querySelectorAll("[name=choice]"));
    const fields = [...inputs].map((one) => one.value);
    const label = now().view.labels.findIndex((one) => one.value === fields[4]) + 1;
    if (fields.slice(0, 4).every((text) => text.trim() !== "" && Number.isFinite(Number(text)))) {
      if (label && n > now().boxes.length) run(`label ${label}`);
      run(`put ${[n, ...fields.slice(0, 4).map((text) => text.trim())].join(" ")}`);
    }
    if (label && n <= now().boxes.length) [`take ${n}`, `label ${label}`].forEach(run);
  });
  const list = form.querySelector("select#label");
  if (list) list.addEventListener("change", () => run(`label ${/** @type {HTMLSelectElement} */ (list).value}`));
  addEventListener("resize", () => drawPicture(now()));
}

/**
 * Two presses make a box, or one stroke; let go outside the picture, nothing happens.
 * @param {(command: string) => unknown} run
 * @param {() => State} now
 */
function listenToPicture(run, now) {
  const drawn = byId("drawing");
  /** @type {PointerEvent | null} */
  let pressed = null;
  drawn.addEventListener("pointerdown", (event) => (pressed = event.isPrimary && event.button === 0 ? event : null));
  drawn.addEventListener("pointercancel", () => (pressed = null));
  drawn.addEventListener("pointerup", (event) => {
    if (!pressed || !event.isPrimary) return;
    const [state, from, to] = [now(), place(drawn, pressed, now()), place(drawn, event, now())];
    const stroke = Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY) > DRAG;
    const moved = stroke ? edgesMoved(state, from, to, (REACH * state.view.width) / drawn.clientWidth) : "";
    pressed = null;
    if (moved) {
      run(moved);
      return;
    }
    if (stroke && !state.corner) run(`point ${from.join(" ")}`);
    run(`point ${to.join(" ")}`);
  });
}

/**
 * A place in the picture's own pixels, to tenths.
 * @param {HTMLElement} drawn
 * @param {PointerEvent} event
 * @param {State} state
 * @returns {[number, number]}
 */
function place(drawn, event, state) {
  const frame = drawn.getBoundingClientRect();
  const x = ((event.clientX - frame.left) * state.view.width) / frame.width;
  const y = ((event.clientY - frame.top) * state.view.height) / frame.height;
  return [Math.round(x * 10) / 10, Math.round(y * 10) / 10];
}
