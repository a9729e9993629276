// @ts-check
// When to say that a rest might be good: after so many minutes of work without a break, in whatever task. Pure.

export const BREAK_MS = 300000; // five minutes without a touch are a break

/** What is kept between pages: when this stretch of work began, when something was last done (milliseconds). */
/** @typedef {{since: number, last: number}} Stretch */

export class Rest {
  /**
   * @param {number} minutes of work before the reminder; 0: never
   * @param {Stretch | null} kept
   * @param {number} now milliseconds
   */
  constructor(minutes, kept, now) {
    this.minutes = minutes;
    this.stretch = kept || { since: now, last: now };
    this.touch(now);
  }

  /** @param {number} now */
  touch(now) {
    if (now - this.stretch.last > BREAK_MS) this.stretch.since = now;
    this.stretch.last = now;
  }

  /** @param {number} now @returns {number} whole minutes worked without a break where that is enough, else 0 */
  due(now) {
    const { since, last } = this.stretch;
    const worked = Math.floor((now - since) / 60000);
    return this.minutes && worked >= this.minutes && now - last <= BREAK_MS ? worked : 0;
  }

  /** Go on: the next reminder comes after as long a time again. @param {number} now */
  goOn(now) {
    this.stretch = { since: now, last: now };
  }
}
