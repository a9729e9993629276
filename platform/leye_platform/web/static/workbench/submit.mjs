// @ts-check
// The submission on its way to the server: repeated with one Idempotency-Key until it is confirmed or refused.

import { t } from "../messages.mjs";
import { arrived, pauseAfter, refused } from "./line.mjs";

/**
 * @param {import("./line.mjs").Line} line
 * @param {import("./line.mjs").Show} show
 * @param {string} key the Idempotency-Key, the same for each try
 * @param {any} body
 * @param {string} path where to, below the assignment
 * @returns {Promise<{done: boolean, words: string}>} done: confirmed; else the sentence that says what to change
 */
export async function submit(line, show, key, body, path = "/response") {
  for (let tries = 0; ; tries++) {
    show("saving", t("正在提交"));
    const answer = await line.call("POST", path, body, { "Idempotency-Key": key });
    if (arrived(answer)) return { done: true, words: "" };
    if (refused(answer)) return { done: false, words: answer.words || t("没有提交上，请刷新页面再试") };
    show("offline", t("网络断了，答案已存好，连上后自动提交"));
    await line.wait(pauseAfter(tries));
  }
}
