// @ts-check
// Active time: milliseconds with the page in view and something done within the last minutes. It is measured so
// that pay can be checked against the hour; it is never a score.

export const QUIET_MS = 180000; // three minutes of reading count; slow input is not idleness

export class ActiveTime {
  /**
   * @param {number} now milliseconds
   * @param {number} [before] milliseconds measured before this page was opened
   */
  constructor(now, before = 0) {
    this.total = before;
    this.last = now;
    this.touched = now;
    this.visible = true;
  }

  /** @param {number} now */
  count(now) {
    const until = this.visible ? Math.min(now, this.touched + QUIET_MS) : this.last;
    this.total += Math.max(0, until - this.last);
    this.last = now;
    return Math.round(this.total);
  }

  /** @param {number} now */
  touch(now) {
    this.count(now);
    this.touched = now;
  }

  /**
   * @param {boolean} visible
   * @param {number} now
   */
  see(visible, now) {
    this.count(now);
    this.visible = visible;
    if (visible) this.touched = now;
  }
}
