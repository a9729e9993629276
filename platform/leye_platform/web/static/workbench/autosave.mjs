// @ts-check
// Drafts on their way to the server: after a short rest, one at a time, the newest last, until they arrive.

import { t } from "../messages.mjs";
import { arrived, pauseAfter, refused } from "./line.mjs";

export const REST_MS = 700; // who answers and submits at once needs no draft

export class Autosave {
  /**
   * @param {import("./line.mjs").Line} line
   * @param {import("./line.mjs").Show} show
   * @param {() => void} saved called when the newest draft has arrived
   */
  constructor(line, show, saved) {
    this.line = line;
    this.show = show;
    this.saved = saved;
    /** @type {any} */
    this.waiting = undefined;
    /** @type {Promise<void> | null} */
    this.running = null;
    this.stopped = false;
    this.cut = () => {};
  }

  /**
   * @param {any} body
   * @returns {Promise<void>} ends when nothing waits any more
   */
  save(body) {
    this.waiting = body;
    if (!this.running) this.running = this.run().finally(() => (this.running = null));
    return this.running;
  }

  /** Send what waits without resting: the page may be going away. */
  flush() {
    this.cut();
  }

  /** No draft is sent any more; resolves when the one on its way has ended. */
  async stop() {
    this.stopped = true;
    this.waiting = undefined;
    this.cut();
    await this.running;
  }

  /** Drafts are sent again: the submission was refused. */
  resume() {
    this.stopped = false;
  }

  async run() {
    await this.rest(REST_MS);
    for (let tries = 0; this.waiting !== undefined && !this.stopped; ) {
      const body = this.waiting;
      this.show("saving", t("正在保存"));
      const answer = await this.line.call("PUT", "/draft", body);
      if (arrived(answer)) {
        tries = 0;
        if (this.waiting !== body) continue;
        this.waiting = undefined;
        this.saved();
        this.show("saved", t("已保存"));
      } else if (refused(answer)) {
        this.waiting = undefined;
        this.show("error", answer.words || t("没有存上，请刷新页面"));
      } else {
        this.show("offline", t("网络断了，答案已存在这台设备上"));
        await this.rest(pauseAfter(tries++));
      }
    }
  }

  /** @param {number} ms */
  rest(ms) {
    return Promise.race([this.line.wait(ms), new Promise((done) => (this.cut = () => done(undefined)))]);
  }
}
