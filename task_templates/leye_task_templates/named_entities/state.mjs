// @ts-check
// Named entities as a pure state: words to walk over, a selection, a label at hand, and the spans that are marked.
// Positions count code points, as in the stored answer.

/**
 * @typedef {{value: string, label: string, hint: string}} Label
 * @typedef {{
 *   texts: {value: string}[], pieces: number[], signs: Record<string, string>, labels: Label[], control: string,
 *   object: string,
 * }} View  pieces: the lengths of the smallest parts; signs: names of those that cannot be seen, by their number
 * @typedef {{start: number, end: number, text: string, shown: string, blank: boolean}} Token
 * @typedef {{start: number, end: number, label: number}} Span
 * @typedef {{kind: string, text?: string, label?: number, count?: number}} News what a command did, to be said
 * @typedef {{
 *   view: View, letters: string[], pieces: Token[], tokens: Token[], lines: number[], at: number, from: number, open: boolean,
 *   label: number, editing: number, spans: Span[], none: boolean, news: News,
 * }} State
 *
 * at: the token in focus. from: where the selection begins, -1 without one. open: the next press ends the selection.
 * lines: the first token of each line as the page breaks it. editing: the span whose label comes next, else -1.
 */

export const NONE = "none";
const LINE = 8; // tokens, until the page has said how it breaks lines

/**
 * @param {View} view
 * @param {string[]} chosen a form's entries
 * @returns {State}
 */
export function start(view, chosen) {
  const letters = [...view.texts[0].value];
  const pieces = tokensOf(letters, view);
  const tokens = words(letters, pieces);
  const found = chosen.map((entry) => /^span (\d+) (\d+) (.*)$/s.exec(entry));
  const spans = found
    .map((one) => one && span(Number(one[1]), Number(one[2]), view.labels.findIndex((l) => l.value === one[3])))
    .filter((one) => one && one.label >= 0);
  return {
    view,
    letters,
    pieces,
    tokens,
    lines: tokens.map((_, n) => n).filter((n) => n % LINE === 0),
    at: Math.max(0, tokens.findIndex((token) => !token.blank)),
    from: -1,
    open: false,
    label: 0,
    editing: -1,
    spans: sorted(/** @type {Span[]} */ (spans)),
    none: chosen.includes(NONE),
    news: { kind: "" },
  };
}

/** @param {string[]} letters @param {View} view @returns {Token[]} the smallest parts */
function tokensOf(letters, view) {
  let from = 0;
  return view.pieces.map((length, n) => token(letters, from, (from += length), view.signs[n]));
}

/**
 * The pieces joined to words, where the browser knows words; never across a line's end or a sign.
 * @param {string[]} letters
 * @param {Token[]} pieces
 * @returns {Token[]}
 */
function words(letters, pieces) {
  const Segmenter = /** @type {any} */ (Intl).Segmenter;
  if (!Segmenter) return pieces;
  const starts = new Set();
  for (const part of new Segmenter("zh", { granularity: "word" }).segment(letters.join(""))) starts.add(part.index);
  /** @type {Token[]} */
  const joined = [];
  let units = 0; // UTF-16, as Intl.Segmenter counts
  for (const one of pieces) {
    const last = joined[joined.length - 1];
    const apart = !last || starts.has(units) || one.blank || last.blank || one.shown || last.shown;
    if (apart) joined.push(one);
    else joined[joined.length - 1] = token(letters, last.start, one.end);
    units += one.text.length;
  }
  return joined;
}

/** @param {string[]} letters @param {number} from @param {number} to @param {string} [shown] @returns {Token} */
function token(letters, from, to, shown = "") {
  const text = letters.slice(from, to).join("");
  return { start: from, end: to, text, shown, blank: !shown && !text.trim() };
}

/** @param {number} from @param {number} to @param {number} label @returns {Span} */
const span = (from, to, label) => ({ start: from, end: to, label });

/** @param {Span[]} spans */
const sorted = (spans) => [...spans].sort((a, b) => a.start - b.start || a.end - b.end || a.label - b.label);

/** @type {Record<string, (state: State, words: string[]) => State>} */
const COMMANDS = {
  left: (state) => walk(state, neighbour(state, -1)),
  right: (state) => walk(state, neighbour(state, 1)),
  up: (state) => walk(state, inLine(state, -1)),
  down: (state) => walk(state, inLine(state, 1)),
  extend: (state, [way]) => extend(state, way),
  token: (state, [n]) => press(state, Number(n) - 1),
  from: (state, [n]) => begin(state, Number(n) - 1),
  to: (state, [n]) => finish(state, Number(n) - 1),
  label: (state, [n]) => withLabel(state, Number(n) - 1),
  pick: (state, [n]) => pick(state, Number(n) - 1),
  mark: (state) => toggle(state),
  split: (state) => split(state),
  cancel: (state) => cancel(state),
  edit: (state, [n]) => edit(state, Number(n) - 1),
  delete: (state, [n]) => remove(state, Number(n) - 1),
  none: (state) => (state.spans.length ? state : { ...state, none: !state.none, news: { kind: "count" } }),
  clear: (state) => clear(state),
  lines: (state, firsts) => ({ ...state, lines: firsts.map(Number) }),
};

/**
 * @param {State} state
 * @param {string} command
 * @returns {State} the same object where nothing changed
 */
export function reduce(state, command) {
  const [name, ...words] = command.split(" ");
  return Object.prototype.hasOwnProperty.call(COMMANDS, name) ? COMMANDS[name](state, words) : state;
}

/** @param {State} before @param {State} after @returns {boolean} nothing to undo or to save came of a command */
export function passing(before, after) {
  return before.spans === after.spans && before.tokens === after.tokens && before.none === after.none;
}

/** @param {State} state @returns {State} without a selection: undoing a mark does not take it up again */
export function rested(state) {
  return { ...state, from: -1, open: false, editing: -1 };
}

/** @param {State} state @returns {[number, number]} the first and the last token selected; the one in focus without a selection */
export function selected(state) {
  if (state.from < 0) return [state.at, state.at];
  return state.from < state.at ? [state.from, state.at] : [state.at, state.from];
}

/** @param {State} state @param {Span} one @returns {string} its text, with what cannot be seen in it named */
export function textOf(state, one) {
  return state.tokens
    .filter((token) => token.start < one.end && token.end > one.start)
    .map((token) => token.shown || state.letters.slice(Math.max(token.start, one.start), Math.min(token.end, one.end)).join(""))
    .join("");
}

/** @param {State} state @param {number} n whether there is such a token, and it can be chosen */
const isWord = (state, n) => n >= 0 && n < state.tokens.length && !state.tokens[n].blank;

/** @param {State} state @param {number} way -1 or 1 @returns {number} the next word that way, or this one */
function neighbour(state, way) {
  let n = state.at + way;
  while (n >= 0 && n < state.tokens.length && state.tokens[n].blank) n += way;
  return isWord(state, n) ? n : state.at;
}

/** @param {State} state @param {number} way -1 or 1 @returns {number} the word at the same place in a neighbouring line */
function inLine(state, way) {
  const ends = [...state.lines.slice(1), state.tokens.length];
  const line = ends.findIndex((end) => state.at < end);
  const goal = line + way;
  if (goal < 0 || goal >= state.lines.length) return state.at;
  let n = Math.min(state.lines[goal] + state.at - state.lines[line], ends[goal] - 1);
  while (n > state.lines[goal] && state.tokens[n].blank) n -= 1;
  return isWord(state, n) ? n : state.at;
}

/** @param {State} state @param {number} n */
function walk(state, n) {
  if (n === state.at && state.from < 0) return state;
  return { ...state, at: n, from: -1, open: false, editing: -1, news: { kind: "" } };
}

/** @param {State} state @param {string} way */
function extend(state, way) {
  const goals = { left: () => neighbour(state, -1), right: () => neighbour(state, 1), up: () => inLine(state, -1), down: () => inLine(state, 1) };
  if (!Object.prototype.hasOwnProperty.call(goals, way)) return state;
  const n = goals[/** @type {"left"} */ (way)]();
  if (n === state.at) return state;
  return chose({ ...state, from: state.from < 0 ? state.at : state.from, at: n, open: false });
}

/** @param {State} state */
function chose(state) {
  const [first, last] = selected(state);
  const inside = state.tokens.slice(first, last + 1);
  const text = inside.map((token) => token.shown || token.text).join("");
  return { ...state, editing: -1, news: { kind: "chosen", count: inside.filter((token) => !token.blank).length, text } };
}

/** @param {State} state @param {number} n the first press begins a selection, the second ends it */
function press(state, n) {
  return state.open ? finish(state, n) : begin(state, n);
}

/** @param {State} state @param {number} n */
function begin(state, n) {
  return isWord(state, n) ? chose({ ...state, at: n, from: n, open: true }) : state;
}

/** @param {State} state @param {number} n */
function finish(state, n) {
  return isWord(state, n) && state.from >= 0 ? chose({ ...state, at: n, open: false }) : state;
}

/** @param {State} state */
function cancel(state) {
  if (state.from < 0 && state.editing < 0) return state;
  return { ...state, from: -1, open: false, editing: -1, news: { kind: "cancelled" } };
}

/** @param {State} state @param {number} label of the span being changed, else of what is selected, else of what comes next */
function withLabel(state, label) {
  if (!(label >= 0 && label < state.view.labels.length)) return state;
  if (state.editing >= 0) return relabel(state, label);
  return state.from < 0 ? pick(state, label) : mark({ ...state, label });
}

/** @param {State} state @param {number} label at hand from now on, without marking anything */
function pick(state, label) {
  if (!(label >= 0 && label < state.view.labels.length) || label === state.label) return state;
  return { ...state, label, news: { kind: "label", label } };
}

/** @param {State} state @returns {Span} what is selected, with the label at hand */
function here(state) {
  const [first, last] = selected(state);
  return span(state.tokens[first].start, state.tokens[last].end, state.label);
}

/** @param {Span} a @param {Span} b */
const sameRange = (a, b) => a.start === b.start && a.end === b.end;

/** @param {State} state one label for one range: a new one takes its place */
function mark(state) {
  const made = here(state);
  const spans = sorted([...state.spans.filter((one) => !sameRange(one, made)), made]);
  return { ...state, spans, from: -1, open: false, none: false, news: { kind: "marked", text: textOf(state, made), label: made.label } };
}

/** @param {State} state */
function toggle(state) {
  if (state.editing >= 0) return relabel(state, state.label);
  const made = here(state);
  const n = state.spans.findIndex((one) => sameRange(one, made) && one.label === made.label);
  return n < 0 ? mark(state) : remove(state, n);
}

/** @param {State} state @param {number} label */
function relabel(state, label) {
  const changed = { ...state.spans[state.editing], label };
  const others = state.spans.filter((one, n) => n !== state.editing && !(sameRange(one, changed) && one.label === label));
  const news = { kind: "marked", text: textOf(state, changed), label };
  return { ...state, spans: sorted([...others, changed]), label, editing: -1, from: -1, news };
}

/** @param {State} state @param {number} n */
function edit(state, n) {
  const one = state.spans[n];
  if (!one) return state;
  const at = state.tokens.findIndex((token) => token.end > one.start && !token.blank);
  return { ...state, at, from: -1, open: false, editing: n, news: { kind: "editing", text: textOf(state, one), label: one.label } };
}

/** @param {State} state @param {number} n */
function remove(state, n) {
  const one = state.spans[n];
  if (!one) return state;
  const news = { kind: "deleted", text: textOf(state, one), label: one.label };
  return { ...state, spans: state.spans.filter((_, at) => at !== n), from: -1, open: false, editing: -1, news };
}

/** @param {State} state nothing marked, and nothing said about that */
function clear(state) {
  if (!state.spans.length && !state.none) return state;
  return { ...rested(state), spans: [], none: false, news: { kind: "count" } };
}

/** @param {State} state the words selected, or the one in focus, become their pieces */
function split(state) {
  const [first, last] = selected(state);
  const [from, to] = [state.tokens[first].start, state.tokens[last].end];
  const parts = state.pieces.filter((piece) => piece.start >= from && piece.end <= to);
  if (parts.length <= last - first + 1) return state;
  const tokens = [...state.tokens.slice(0, first), ...parts, ...state.tokens.slice(last + 1)];
  const lines = state.lines.map((n) => (n > first ? n + parts.length - (last - first + 1) : n));
  return { ...state, tokens, lines, at: first, from: -1, open: false, news: { kind: "split", count: parts.length } };
}
