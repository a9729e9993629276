// @ts-check
// Boxes as a pure state and a finite set of commands. Lengths are pixels of the original picture.
//
// A box is made of two corners. A corner is found in a 3×3 grid, cell by cell (`cell N`, `back`, `confirm`), or
// given at once (`point X Y`); the grid of the second corner begins at the first. The box at hand is moved by
// `nudge`, whole or by one edge, in steps. What a pointer or number fields can do comes as `put N X Y WIDTH HEIGHT`.

export const EDGES = ["whole", "left", "top", "right", "bottom"];
export const NOTHING = "none";
const LEAST = 1; // pixels: the smallest side of a box

/**
 * @typedef {{x: number, y: number, width: number, height: number}} Area
 * @typedef {Area & {label: number}} Box
 * @typedef {{width: number, height: number, labels: {value: string, label: string}[], steps: number[],
 *   control: string, object: string}} View
 *
 * at: the box at hand, -1 for none. corner: the first corner of a box that is being made. trail: the cells chosen
 * so far on the way to a corner. step: index in view.steps. none: said that there is nothing to mark. taken: whether
 * the box at hand is being changed; one just made is at hand too, but what comes next is another box.
 * @typedef {{view: View, boxes: Box[], at: number, label: number, corner: {x: number, y: number} | null,
 *   trail: Area[], edge: string, step: number, none: boolean, taken: boolean}} State
 */

/**
 * @param {View} view
 * @param {string[]} chosen a form's entries: five for each box, or the one word for nothing
 * @returns {State}
 */
export function start(view, chosen) {
  /** @type {Box[]} */
  const boxes = [];
  for (let n = 0; n + 5 <= chosen.length; n += 5) {
    const [x, y, width, height] = chosen.slice(n, n + 4).map(Number);
    const label = view.labels.findIndex((one) => one.value === chosen[n + 4]);
    if (label >= 0 && [x, y, width, height].every(Number.isFinite)) boxes.push({ x, y, width, height, label });
  }
  const none = chosen.length === 1 && chosen[0] === NOTHING;
  return { view, boxes, at: -1, label: 0, corner: null, trail: [], edge: "whole", step: 2, none, taken: false };
}

/** @param {State} before @param {State} after @returns {boolean} whether only the view of the boxes changed */
export function passing(before, after) {
  return ["boxes", "none", "corner", "trail"].every((part) => {
    const name = /** @type {"boxes"} */ (part);
    return before[name] === after[name];
  });
}

/** @param {State} state @returns {boolean} whether a box is begun and not finished */
export function drawing(state) {
  return state.corner !== null || state.trail.length > 0;
}

/** @param {State} state @returns {boolean} whether a box that stands is being changed, so that no cell is asked for */
export function changing(state) {
  return state.at >= 0 && state.taken && !drawing(state);
}

/** @param {State} state @returns {Area} the part of the picture that the grid lies over now */
export function gridArea(state) {
  if (state.trail.length) return state.trail[state.trail.length - 1];
  const { x, y } = state.corner || { x: 0, y: 0 };
  return { x, y, width: state.view.width - x, height: state.view.height - y };
}

/** @param {State} state @returns {{x: number, y: number}} where the corner would be, were it confirmed now */
export function aim(state) {
  const area = gridArea(state);
  return { x: area.x + area.width / 2, y: area.y + area.height / 2 };
}

/** @type {Record<string, (state: State, words: string[]) => State>} */
const COMMANDS = {
  cell: (state, [n]) => intoCell(state, Number(n) - 1),
  back: (state) => {
    if (state.trail.length) return { ...state, trail: state.trail.slice(0, -1) };
    return state.corner ? { ...state, corner: null } : state;
  },
  confirm: (state) => (drawing(state) ? corner(state, aim(state)) : state),
  point: (state, [x, y]) => {
    const { width, height } = state.view;
    return corner(state, { x: within(Number(x), width), y: within(Number(y), height) });
  },
  nudge: (state, [way]) => (drawing(state) ? moveAim(state, way) : moveBox(state, way)),
  edge: (state, [name]) => {
    const edge = name === "next" ? EDGES[(EDGES.indexOf(state.edge) + 1) % EDGES.length] : name;
    return EDGES.includes(edge) && edge !== state.edge ? { ...state, edge } : state;
  },
  step: (state, [n]) => withStep(state, Number(n) - 1),
  finer: (state) => withStep(state, state.step + 1),
  coarser: (state) => withStep(state, state.step - 1),
  next: (state) => (state.at < 0 ? state : { ...state, at: -1, taken: false }),
  take: (state, [n]) => take(state, n === "next" ? (state.at + 1) % Math.max(1, state.boxes.length) : Number(n) - 1),
  label: (state, [n]) => {
    const next = (labelShown(state) + 1) % state.view.labels.length;
    return withLabel(state, n === "next" ? next : Number(n) - 1);
  },
  delete: (state, [n]) => remove(state, n === undefined ? state.at : Number(n) - 1),
  none: (state) => (state.boxes.length ? state : { ...state, none: !state.none, corner: null, trail: [] }),
  clear: (state) => clear(state),
  put: (state, [n, ...lengths]) => put(state, Number(n) - 1, lengths.map(Number)),
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

/** @param {State} state @returns {number} the label of the box at hand, else of the next one */
export function labelShown(state) {
  return state.at < 0 ? state.label : state.boxes[state.at].label;
}

/** @param {State} state no box, none begun, and nothing said about that */
function clear(state) {
  if (!state.boxes.length && !state.none && !drawing(state)) return state;
  return { ...state, boxes: [], at: -1, corner: null, trail: [], none: false };
}

/** @param {number} value @param {number} most */
function within(value, most) {
  return Math.min(Math.max(value, 0), most);
}

/** @param {State} state @param {number} n 0 to 8, row by row */
function intoCell(state, n) {
  const area = gridArea(state);
  if (!(n >= 0 && n < 9) || Math.max(area.width, area.height) < 3 * LEAST) return state;
  const [width, height] = [area.width / 3, area.height / 3];
  const cell = { x: area.x + (n % 3) * width, y: area.y + Math.floor(n / 3) * height, width, height };
  return { ...state, trail: [...state.trail, cell], at: -1, none: false };
}

/** @param {State} state @param {{x: number, y: number}} point */
function corner(state, point) {
  if (![point.x, point.y].every(Number.isFinite)) return state;
  if (!state.corner) return { ...state, corner: point, trail: [], at: -1, none: false };
  const from = state.corner;
  return add(state, {
    x: Math.min(from.x, point.x),
    y: Math.min(from.y, point.y),
    width: Math.abs(from.x - point.x),
    height: Math.abs(from.y - point.y),
  });
}

/** @param {State} state @param {Area} area */
function add(state, area) {
  if (Math.min(area.width, area.height) < LEAST) return state;
  const boxes = [...state.boxes, { ...rounded(area), label: state.label }];
  return { ...state, boxes, at: boxes.length - 1, corner: null, trail: [], edge: "whole", none: false, taken: false };
}

/** @param {Area} area @returns {Area} to hundredths of a pixel: finer than any eye, short to write */
function rounded(area) {
  const round = (/** @type {number} */ length) => Math.round(length * 100) / 100;
  const [x, y] = [round(area.x), round(area.y)];
  return { x, y, width: round(round(area.x + area.width) - x), height: round(round(area.y + area.height) - y) };
}

/** @type {Record<string, [number, number]>} */
const WAYS = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] };

/** @param {State} state @param {string} way */
function moveAim(state, way) {
  const by = WAYS[way];
  if (!by) return state;
  const [from, area, step] = [aim(state), gridArea(state), state.view.steps[state.step]];
  const least = state.corner || { x: 0, y: 0 };
  const x = Math.max(within(from.x + by[0] * step, state.view.width), least.x);
  const y = Math.max(within(from.y + by[1] * step, state.view.height), least.y);
  if (x === from.x && y === from.y) return state;
  const moved = { ...area, x: area.x + x - from.x, y: area.y + y - from.y };
  return { ...state, trail: [...state.trail, moved] };
}

/** @param {State} state @param {string} way */
function moveBox(state, way) {
  const [by, box] = [WAYS[way], state.boxes[state.at]];
  if (!by || !box) return state;
  const step = state.view.steps[state.step];
  const [dx, dy] = [by[0] * step, by[1] * step];
  let [left, top, right, bottom] = [box.x, box.y, box.x + box.width, box.y + box.height];
  if (state.edge === "whole") {
    const x = within(left + dx, state.view.width - box.width) - left;
    const y = within(top + dy, state.view.height - box.height) - top;
    [left, top, right, bottom] = [left + x, top + y, right + x, bottom + y];
  }
  if (state.edge === "left") left = within(left + dx, right - LEAST);
  if (state.edge === "top") top = within(top + dy, bottom - LEAST);
  if (state.edge === "right") right = Math.max(within(right + dx, state.view.width), left + LEAST);
  if (state.edge === "bottom") bottom = Math.max(within(bottom + dy, state.view.height), top + LEAST);
  return put(state, state.at, [left, top, right - left, bottom - top]);
}

/** @param {State} state @param {number} n @param {number[]} lengths x, y, width, height */
function put(state, n, lengths) {
  if (lengths.length !== 4 || !lengths.every(Number.isFinite)) return state;
  const x = within(lengths[0], state.view.width - LEAST);
  const y = within(lengths[1], state.view.height - LEAST);
  const width = within(lengths[2] + Math.min(lengths[0], 0), state.view.width - x);
  const height = within(lengths[3] + Math.min(lengths[1], 0), state.view.height - y);
  if (n === state.boxes.length) return add(state, { x, y, width, height });
  const box = state.boxes[n];
  const area = rounded({ x, y, width, height });
  if (!box || Math.min(area.width, area.height) < LEAST || sameArea(box, area)) return state;
  const boxes = state.boxes.map((one, at) => (at === n ? { ...area, label: one.label } : one));
  return { ...settled(state), boxes, at: n, taken: true };
}

/** @param {Area} one @param {Area} other */
function sameArea(one, other) {
  return one.x === other.x && one.y === other.y && one.width === other.width && one.height === other.height;
}

/** @param {State} state @param {number} step */
function withStep(state, step) {
  return step !== state.step && step >= 0 && step < state.view.steps.length ? { ...state, step } : state;
}

/** @param {State} state @param {number} n */
function take(state, n) {
  if (!state.boxes[n] || (n === state.at && changing(state))) return state;
  return { ...settled(state), at: n, edge: "whole", label: state.boxes[n].label, taken: true };
}

/** @param {State} state @returns {State} without a box half made */
function settled(state) {
  return drawing(state) ? { ...state, corner: null, trail: [] } : state;
}

/** @param {State} state @param {number} n */
function withLabel(state, n) {
  if (!state.view.labels[n] || n === labelShown(state)) return state;
  if (state.at < 0) return { ...state, label: n };
  const boxes = state.boxes.map((box, at) => (at === state.at ? { ...box, label: n } : box));
  return { ...state, boxes, label: n };
}

/** @param {State} state @param {number} n */
function remove(state, n) {
  if (!state.boxes[n]) return state;
  const at = state.at === n ? -1 : state.at > n ? state.at - 1 : state.at;
  return { ...state, boxes: state.boxes.filter((_, one) => one !== n), at };
}

/**
 * The command of a stroke that began on an edge or a corner of the box at hand; empty where it began elsewhere.
 * @param {State} state
 * @param {[number, number]} from
 * @param {[number, number]} to
 * @param {number} reach how near to an edge counts
 * @returns {string}
 */
export function edgesMoved(state, from, to, reach) {
  const box = state.boxes[state.at];
  if (!box || drawing(state)) return "";
  const edges = [box.x, box.y, box.x + box.width, box.y + box.height];
  const near = edges.map((edge, n) => {
    const [along, across] = [(n + 1) % 2, n % 2];
    const beside = from[along] >= edges[along] - reach && from[along] <= edges[along + 2] + reach;
    return beside && Math.abs(from[across] - edge) <= reach;
  });
  if (!near.includes(true)) return "";
  const [left, top, right, bottom] = edges.map((edge, n) => (near[n] ? edge + to[n % 2] - from[n % 2] : edge));
  const [x, y] = [Math.min(left, right), Math.min(top, bottom)];
  return `put ${state.at + 1} ${x} ${y} ${Math.abs(right - left)} ${Math.abs(bottom - top)}`;
}
