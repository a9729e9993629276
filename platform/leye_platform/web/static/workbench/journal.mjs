// @ts-check
// What must survive a reload or a dead network, kept in this browser by assignment: the choice, its history,
// the active time, and a submission that the server has not yet confirmed, with its Idempotency-Key.

const PREFIX = "leye:";
const KEPT_MS = 14 * 24 * 3600 * 1000; // what lies longer belongs to a task that was given back

/** @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">} Shelf */

export class Journal {
  /**
   * @param {string} assignment
   * @param {Shelf | null} storage null where the browser has none
   */
  constructor(assignment, storage) {
    this.name = PREFIX + assignment;
    this.storage = storage;
  }

  /** @returns {any} what was written last, or null */
  read() {
    try {
      return JSON.parse((this.storage && this.storage.getItem(this.name)) || "null");
    } catch {
      return null;
    }
  }

  /**
   * @param {any} content
   * @param {number} now milliseconds
   */
  write(content, now) {
    try {
      if (this.storage) this.storage.setItem(this.name, JSON.stringify({ ...content, at: now }));
    } catch {
      // Storage full or forbidden: the server's draft still holds the answer.
    }
  }

  clear() {
    if (this.storage) this.storage.removeItem(this.name);
  }

  /**
   * Forget other tasks' journals that lie too long: several people may share this device.
   * @param {number} now milliseconds
   */
  sweep(now) {
    if (!this.storage) return;
    const storage = this.storage;
    const names = Array.from({ length: storage.length }, (_, n) => storage.key(n) || "");
    for (const name of names.filter((one) => one.startsWith(PREFIX) && one !== this.name)) {
      const other = new Journal(name.slice(PREFIX.length), storage);
      const content = other.read();
      if (!content || !(now - content.at < KEPT_MS)) other.clear();
    }
  }
}

/** @returns {Storage | null} this browser's storage, where it allows any */
export function localShelf() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
