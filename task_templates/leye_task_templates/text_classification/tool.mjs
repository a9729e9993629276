// @ts-check
// Text classification as a pure state and a finite set of commands: `choose N`, `clear`.

/**
 * @typedef {{value: string, label: string}} Choice
 * @typedef {{choices: Choice[], multiple: boolean, required: boolean, control: string, object: string}} View
 * @typedef {{view: View, chosen: string[]}} State
 */

const LONGEST = 34; // with "已撤销，" before it, 40 at most

/**
 * @param {View} view
 * @param {string[]} chosen values that the draft holds
 * @returns {State}
 */
export function start(view, chosen) {
  const known = view.choices.map((choice) => choice.value).filter((value) => chosen.includes(value));
  return { view, chosen: view.multiple ? known : known.slice(0, 1) };
}

/**
 * @param {State} state
 * @param {string} command
 * @returns {State} the same object where nothing changed
 */
export function reduce(state, command) {
  if (command === "clear") return state.chosen.length ? { ...state, chosen: [] } : state;
  const found = /^choose (\d+)$/.exec(command);
  const choice = found && state.view.choices[Number(found[1]) - 1];
  if (!choice) return state;
  const has = state.chosen.includes(choice.value);
  if (!state.view.multiple) return has ? state : { ...state, chosen: [choice.value] };
  const wanted = has ? state.chosen.filter((value) => value !== choice.value) : [...state.chosen, choice.value];
  return start(state.view, wanted);
}

/** @param {State} state @returns {string[]} */
export function chosen(state) {
  return state.chosen;
}

/** @param {State} state @returns {object[]} Label Studio's regions */
export function result(state) {
  const { control, object } = state.view;
  if (!state.chosen.length) return [];
  return [{ id: control, from_name: control, to_name: object, type: "choices", value: { choices: state.chosen } }];
}

/**
 * @param {State} state
 * @param {(text: string) => string} t translates
 * @returns {string} what is missing before a submission, or nothing
 */
export function missing(state, t) {
  return state.chosen.length || !state.view.required ? "" : t("还没有选，请选一个再提交");
}

/**
 * What is said after a command, at most 40 characters.
 * @param {State} state
 * @param {string} command
 * @param {(text: string) => string} t translates
 * @returns {string}
 */
export function words(state, command, t) {
  const labels = state.view.choices.filter((c) => state.chosen.includes(c.value)).map((c) => c.label);
  const said = labels.length ? `${t("已选")} ${labels.join(t("、"))}` : t("没有选");
  return (command === "undo" ? t("已撤销，") : "") + said.slice(0, LONGEST);
}

/**
 * Draw the state into the form: the radios and checkboxes follow it.
 * @param {HTMLElement} form
 * @param {State} state
 */
export function draw(form, state) {
  for (const input of form.querySelectorAll('input[name="choice"]')) {
    const box = /** @type {HTMLInputElement} */ (input);
    box.checked = state.chosen.includes(box.value);
  }
}
