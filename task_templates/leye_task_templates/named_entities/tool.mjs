// @ts-check
// Named entities: what the workbench asks of a tool. The state is in state.mjs, the page's parts in page.mjs.

import { fill } from "./fill.mjs";
import { NONE, passing, reduce, rested, start } from "./state.mjs";

export { passing, reduce, rested, start };
export { draw, listen } from "./page.mjs";

/** @typedef {import("./state.mjs").State} State */
/** @typedef {(text: string) => string} Translate */

const LONGEST_LABEL = 10;
const LONGEST_TEXT = 14; // with a label and the words around both, 40 at most

/** @param {State} state @returns {string[]} a form's entries */
export function chosen(state) {
  const { labels } = state.view;
  if (state.none && !state.spans.length) return [NONE];
  return state.spans.map((one) => `span ${one.start} ${one.end} ${labels[one.label].value}`);
}

/** @param {State} state @returns {object[]} Label Studio's regions */
export function result(state) {
  const { control, object, labels } = state.view;
  return state.spans.map((one, n) => ({
    id: `${control}-${n + 1}`,
    from_name: control,
    to_name: object,
    type: "labels",
    value: {
      start: one.start,
      end: one.end,
      text: state.letters.slice(one.start, one.end).join(""),
      labels: [labels[one.label].value],
    },
  }));
}

/**
 * @param {State} state
 * @param {Translate} t
 * @returns {string} what is missing before a submission, or nothing
 */
export function missing(state, t) {
  if (state.from >= 0) return t("选了词，还没有标上；不标就按 Esc");
  return state.spans.length || state.none ? "" : t("还没有标；没有要标的，请勾“没有要标的”");
}

/**
 * What is said after a command, at most 40 characters. A step to another word says nothing: its focus is read out.
 * @param {State} state
 * @param {string} command
 * @param {Translate} t
 * @returns {string}
 */
export function words(state, command, t) {
  const { kind, text = "", label = 0, count = 0 } = state.news;
  const values = {
    text: cut(text, LONGEST_TEXT),
    label: cut(state.view.labels[label].label, LONGEST_LABEL),
    n: count,
  };
  if (command === "undo") return t("已撤销，") + marked(state, t);
  if (command.startsWith("lines")) return "";
  if (kind === "chosen") return fill(t("已选 {n} 词：{text}"), values);
  if (kind === "cancelled") return t("不选了");
  if (kind === "label") return fill(t("标签：{label}"), values);
  if (kind === "marked") return fill(t("标上{label}：{text}"), values);
  if (kind === "deleted") return fill(t("去掉{label}：{text}"), values);
  if (kind === "editing") return fill(t("正在改“{text}”，请选标签"), values);
  if (kind === "split") return fill(t("拆成 {n} 个字"), values);
  return kind === "count" ? marked(state, t) : "";
}

/** @param {State} state @param {Translate} t */
function marked(state, t) {
  if (state.none && !state.spans.length) return t("没有要标的");
  return fill(t("共标 {n} 处"), { n: state.spans.length });
}

/** @param {string} text @param {number} longest */
function cut(text, longest) {
  const letters = [...text];
  return letters.length > longest ? `${letters.slice(0, longest - 1).join("")}…` : text;
}
