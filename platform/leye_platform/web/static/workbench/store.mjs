// @ts-check
// The workbench's state: pure, driven by a finite set of commands, with a history that survives a reload.
// A tool gives `start(task)` and `reduce(state, command)`; the store adds undo. It may also give
// `passing(before, after)`, which tells what only moves about and is no step to undo, and `rested(state)`, which puts
// down what was in hand when a step was taken.

export const DEPTH = 100;

/**
 * @template S
 * @typedef {{present: S, past: S[]}} History
 */

/**
 * @template S
 * @typedef {{passing?: (before: S, after: S) => boolean, rested?: (state: S) => S}} Ways
 */

/**
 * @template S
 * @param {S} state
 * @returns {History<S>}
 */
export function begin(state) {
  return { present: state, past: [] };
}

/**
 * Apply one command. A command that changes nothing leaves the history as it is.
 * @template S
 * @param {History<S>} history
 * @param {string} command
 * @param {(state: S, command: string) => S} reduce
 * @param {Ways<S>} [ways]
 * @returns {History<S>}
 */
export function apply(history, command, reduce, ways = {}) {
  const { passing = () => false, rested = (state) => state } = ways;
  if (command === "undo") {
    const past = history.past.slice(0, -1);
    return history.past.length ? { present: history.past[history.past.length - 1], past } : history;
  }
  const next = reduce(history.present, command);
  if (next === history.present) return history;
  if (passing(history.present, next)) return { present: next, past: history.past };
  return { present: next, past: [...history.past, rested(history.present)].slice(-DEPTH) };
}

/**
 * A store that tells its listeners after each change.
 * @template S
 */
export class Store {
  /**
   * @param {S} state
   * @param {(state: S, command: string) => S} reduce
   * @param {Ways<S>} [ways]
   */
  constructor(state, reduce, ways) {
    this.history = begin(state);
    this.reduce = reduce;
    this.ways = ways;
    /** @type {Array<(state: S, command: string, lasting: boolean) => void>} */
    this.listeners = [];
  }

  /** @returns {S} */
  get state() {
    return this.history.present;
  }

  /** @param {(state: S, command: string, lasting: boolean) => void} listener lasting: there is something to undo */
  listen(listener) {
    this.listeners.push(listener);
  }

  /**
   * @param {string} command
   * @returns {boolean} whether anything changed
   */
  send(command) {
    const next = apply(this.history, command, this.reduce, this.ways);
    if (next === this.history) return false;
    const lasting = next.past !== this.history.past;
    this.history = next;
    for (const listener of this.listeners) listener(this.state, command, lasting);
    return true;
  }
}
