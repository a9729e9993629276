// @ts-check
// Boxes as an answer and in words: pure functions of the state.

import { NOTHING, aim, changing, drawing } from "./state.mjs";

/** @typedef {import("./state.mjs").State} State */
/** @typedef {import("./state.mjs").Box} Box */
/** @typedef {(text: string) => string} Translate */

/** @param {number} length @returns {string} as a form shows it */
const written = (length) => String(Math.round(length * 10000) / 10000);

/** @param {State} state @returns {string[]} a form's entries */
export function chosen(state) {
  if (state.none && !state.boxes.length) return [NOTHING];
  return state.boxes.flatMap((box) => [
    ...[box.x, box.y, box.width, box.height].map(written),
    state.view.labels[box.label].value,
  ]);
}

/** @param {State} state @returns {object[]} Label Studio's regions, in per cent of the picture */
export function result(state) {
  const { control, object, width, height, labels } = state.view;
  return state.boxes.map((box, n) => ({
    id: `${control}-${n + 1}`,
    from_name: control,
    to_name: object,
    type: "rectanglelabels",
    original_width: width,
    original_height: height,
    image_rotation: 0,
    value: {
      x: (box.x * 100) / width,
      y: (box.y * 100) / height,
      width: (box.width * 100) / width,
      height: (box.height * 100) / height,
      rotation: 0,
      rectanglelabels: [labels[box.label].value],
    },
  }));
}

/**
 * @param {State} state
 * @param {Translate} t
 * @returns {string} what is missing before a submission, or nothing
 */
export function missing(state, t) {
  if (drawing(state)) return t("还有一个框没画完，定好它，或者退一格");
  return state.boxes.length || state.none ? "" : t("还没有画框；没有要画的，请选“图里没有要画的”");
}

/**
 * What is said after a command, at most 40 characters.
 * @param {State} state
 * @param {string} command
 * @param {Translate} t
 * @returns {string}
 */
export function words(state, command, t) {
  const [name] = command.split(" ");
  if (name === "undo") return t("已撤销，") + count(state, t);
  if (name === "delete") return t("已删，") + count(state, t);
  if (name === "next") return turn(state, t);
  if (name === "none") return state.none ? t("图里没有要画的") : count(state, t);
  if (name === "edge") return edgeWords(state, t);
  if (["step", "finer", "coarser"].includes(name)) return fill(t("每步 {n} 像素"), { n: state.view.steps[state.step] });
  if (name === "label" && state.at < 0) return fill(t("下一个框：{label}"), { label: cut(labelOf(state, state.label)) });
  if (drawing(state)) return cornerWords(state, name, t);
  return state.at < 0 ? count(state, t) : boxWords(state, state.at, t);
}

/** @param {State} state @param {Translate} t @returns {string} what comes next, as a heading */
export function turn(state, t) {
  if (changing(state)) return fill(t("正在改框 {n}"), { n: state.at + 1 });
  const next = { n: state.boxes.length + 1 };
  if (state.corner) return fill(t("第 {n} 个框：右下角在哪一格？"), next);
  return fill(t("第 {n} 个框：左上角在哪一格？"), next);
}

/** @param {State} state @param {number} n @param {Translate} t */
export function boxWords(state, n, t) {
  const box = state.boxes[n];
  const name = fill(t("框 {n}，{label}"), { n: n + 1, label: cut(labelOf(state, box.label)) });
  return `${name}${t("：")}${lengths(box, t)}`;
}

/** @param {Box} box @param {Translate} t */
export function lengths(box, t) {
  const { x, y, width, height } = box;
  return fill(t("左 {x}，上 {y}，宽 {w}，高 {h}"), {
    x: Math.round(x),
    y: Math.round(y),
    w: Math.round(width),
    h: Math.round(height),
  });
}

/** @param {State} state @param {Translate} t */
export function edgeWords(state, t) {
  const named = {
    whole: t("箭头移动整个框"),
    left: t("箭头移动左边"),
    top: t("箭头移动上边"),
    right: t("箭头移动右边"),
    bottom: t("箭头移动下边"),
  };
  return named[/** @type {keyof typeof named} */ (state.edge)];
}

/** @param {State} state @param {string} name @param {Translate} t */
function cornerWords(state, name, t) {
  const at = { x: Math.round(aim(state).x), y: Math.round(aim(state).y) };
  if (name === "confirm" || name === "point") {
    const corner = state.corner || at;
    return fill(t("左上角 {x}，{y}，再定右下角"), { x: Math.round(corner.x), y: Math.round(corner.y) });
  }
  return fill(state.corner ? t("右下角约在 {x}，{y}") : t("左上角约在 {x}，{y}"), at);
}

/** @param {State} state @param {Translate} t */
function count(state, t) {
  return fill(t("共 {n} 个框"), { n: state.boxes.length });
}

/** @param {State} state @param {number} label */
export function labelOf(state, label) {
  return state.view.labels[label].label;
}

/** @param {string} label names may be long; what is said stays short */
function cut(label) {
  return label.length > 12 ? `${label.slice(0, 11)}…` : label;
}

/** @param {string} text @param {Record<string, string | number>} values */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
