// @ts-check
// A sign of life each minute while the page is in view, so that the task stays with whoever works on it slowly.

export const BEAT_MS = 60000;

export class Heartbeat {
  /**
   * @param {import("./line.mjs").Line} line
   * @param {() => {active_ms: number}} body
   * @param {number} now milliseconds
   */
  constructor(line, body, now) {
    this.line = line;
    this.body = body;
    this.last = now;
  }

  /**
   * Called often, and whenever the page comes into view: after a sleep the sign goes out at once.
   * @param {boolean} visible
   * @param {number} now
   */
  tick(visible, now) {
    if (!visible || now - this.last < BEAT_MS) return;
    this.last = now;
    this.line.call("POST", "/heartbeat", this.body());
  }
}
