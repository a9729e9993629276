// @ts-check
// The line to the server: JSON requests that end in time, and pauses that the network's return cuts short.

import { t } from "../messages.mjs";

const LONGEST_MS = 30000;
const LARGEST_KEPT_ALIVE = 60000; // browsers refuse to outlive the page with more than 64 KiB
const PAUSES_MS = [500, 1000, 2000, 4000, 8000, 15000];

/**
 * What came back. `status` is 0 where the network is away; `words` is the server's sentence of a refusal.
 * @typedef {{status: number, words: string}} Answer
 *
 * @typedef {{
 *   call: (method: string, path: string, body: any, headers?: Record<string, string>) => Promise<Answer>,
 *   wait: (ms: number) => Promise<void>,
 * }} Line
 *
 * How the page tells where saving stands: `state` is one of main's data-state.
 * @typedef {(state: string, words: string) => void} Show
 */

/**
 * @param {string} base the assignment's address in the API
 * @param {string} csrf
 * @returns {Line}
 */
export function openLine(base, csrf) {
  return { call: (method, path, body, headers) => call(base + path, csrf, method, body, headers || {}), wait };
}

/**
 * How long to wait before the next try.
 * @param {number} tries that failed so far, from 0
 */
export function pauseAfter(tries) {
  return PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)];
}

/** @param {Answer} answer @returns {boolean} the server has decided against it: another try changes nothing */
export function refused(answer) {
  return answer.status >= 400 && answer.status < 500 && answer.status !== 408 && answer.status !== 429;
}

/** @param {Answer} answer */
export function arrived(answer) {
  return answer.status >= 200 && answer.status < 300;
}

/**
 * @param {string} url
 * @param {string} csrf
 * @param {string} method
 * @param {any} content
 * @param {Record<string, string>} headers
 * @returns {Promise<Answer>}
 */
async function call(url, csrf, method, content, headers) {
  const body = JSON.stringify(content);
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), LONGEST_MS);
  try {
    const answer = await fetch(url, {
      method,
      body,
      headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf, ...headers },
      credentials: "same-origin",
      keepalive: body.length < LARGEST_KEPT_ALIVE / 3, // UTF-8 takes up to three bytes for a character
      signal: stop.signal,
    });
    return { status: answer.status, words: answer.ok ? "" : await sentence(answer) };
  } catch {
    return { status: 0, words: "" };
  } finally {
    clearTimeout(timer);
  }
}

/** @param {Response} answer @returns {Promise<string>} the title of problem details, or nothing */
async function sentence(answer) {
  if (answer.status === 401) {
    document.body.dataset.out = ""; // shows the way back in
    return t("登录到期了，答案存在这台设备上，重新登录再提交。");
  }
  try {
    return (await answer.json()).title || "";
  } catch {
    return "";
  }
}

/**
 * Resolve after a pause, or at once when the network is back.
 * @param {number} ms
 * @returns {Promise<void>}
 */
function wait(ms) {
  return new Promise((done) => {
    const timer = setTimeout(finish, ms);
    function finish() {
      clearTimeout(timer);
      removeEventListener("online", finish);
      done();
    }
    addEventListener("online", finish);
  });
}
