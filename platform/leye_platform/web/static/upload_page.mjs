// @ts-check
// The upload form with a large file: sent in parts with its progress in words and in a bar, then the form without it.
// Small files, and browsers that run no modules, send the form as it is.

import { t } from "./messages.mjs";
import { sha256 } from "./sha256.mjs";
import { FIRST_PART, sendInParts } from "./upload_parts.mjs";

/** @typedef {import("./upload_parts.mjs").Progress} Progress */
/** @typedef {import("./upload_parts.mjs").Answer} Answer */

const STALLED_MS = 60000;
const SAID_EACH = 0.25;

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-uploads]"));
if (form) follow(form);

/** @param {HTMLFormElement} form */
function follow(form) {
  const chosen = /** @type {HTMLInputElement} */ (form.querySelector("input[type=file]"));
  let stopped = false;
  find(form, "[data-upload-stop]").addEventListener("click", () => {
    stopped = true;
    dispatchEvent(new Event("online")); // ends a pause
  });
  form.addEventListener("submit", async (event) => {
    const file = chosen.files && chosen.files[0];
    if (event.defaultPrevented || !file || file.size <= FIRST_PART) return;
    event.preventDefault();
    if (form.dataset.sending) return;
    form.dataset.sending = "yes";
    stopped = false;
    const show = shower(form);
    try {
      const place = { path: form.dataset.uploads || "", kind: form.dataset.kind || "batch" };
      const end = await sendInParts(file, place, server(() => stopped), show.progress);
      if (end.done) return sendForm(form, chosen, end.upload);
      show.end(end.words || t("停下了。再按一次，就从停下的地方接着传。"));
    } catch {
      show.end(t("这个文件读不出来了，可能移走了或者改过。请重新选文件。"));
    }
    delete form.dataset.sending;
  });
}

/** @param {HTMLFormElement} form @param {HTMLInputElement} chosen @param {string} upload */
function sendForm(form, chosen, upload) {
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = "upload";
  field.value = upload;
  form.append(field);
  chosen.disabled = true; // it has arrived
  form.submit();
}

/** @param {HTMLElement} within @param {string} selector @returns {HTMLElement} */
function find(within, selector) {
  return /** @type {HTMLElement} */ (within.querySelector(selector));
}

/** Says how far it is: all of it on the page, a quarter at a time aloud. @param {HTMLElement} form */
function shower(form) {
  const place = find(form, "[data-upload-progress]");
  const words = find(place, "p");
  const bar = /** @type {HTMLProgressElement} */ (place.querySelector("progress"));
  const aloud = document.getElementById("announcer");
  const main = document.querySelector("main");
  let said = "";
  place.hidden = false;
  /** @param {string} sentence @param {string} key what is said once */
  const say = (sentence, key) => {
    words.textContent = sentence;
    if (aloud && key !== said) aloud.textContent = sentence;
    said = key;
  };
  return {
    /** @param {Progress} progress */
    progress(progress) {
      const share = progress.sent / progress.size;
      bar.value = share;
      if (main) main.dataset.state = progress.state === "offline" ? "offline" : "saving";
      say(sentenceOf(progress), progress.state + Math.floor(share / SAID_EACH));
    },
    /** @param {string} sentence */
    end(sentence) {
      if (main) main.dataset.state = "ready";
      say(sentence, "end");
    },
  };
}

/** @param {Progress} progress */
function sentenceOf(progress) {
  if (progress.state === "begun") return t("正在看文件…");
  if (progress.state === "joining") return t("都传到了，正在收下…");
  const words = progress.state === "offline" ? t("网络断了，已传 {percent}%。连上后自动接着传，传过的不用重传。") : going(progress);
  return words
    .replace("{percent}", String(Math.floor((100 * progress.sent) / progress.size)))
    .replace("{part}", String(Math.max(progress.part, 1)))
    .replace("{parts}", String(progress.parts));
}

/** @param {Progress} progress */
function going(progress) {
  if (!progress.kept) return t("正在传第 {part} 份，共 {parts} 份，已传 {percent}%。");
  return t("接着传第 {part} 份，共 {parts} 份，已传 {percent}%。");
}

/** @param {() => boolean} stopped */
function server(stopped) {
  const csrf = /** @type {HTMLMetaElement} */ (document.querySelector("meta[name=csrf]")).content;
  return { call, put, wait, hash: sha256, stopped };

  /** @param {string} method @param {string} path @param {any} [body] @returns {Promise<Answer>} */
  async function call(method, path, body) {
    /** @type {Record<string, string>} */
    const headers = { "X-CSRF-Token": csrf };
    if (body) headers["Content-Type"] = "application/json";
    try {
      const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), credentials: "same-origin" });
      const content = answer.status === 204 ? null : await answer.json();
      return { status: answer.status, words: answer.ok ? "" : content.title || "", content };
    } catch {
      return { status: 0, words: "" };
    }
  }

  /**
   * fetch() tells nothing of a body on its way.
   * @param {string} address
   * @param {Blob} part
   * @param {(bytes: number) => void} sent
   * @returns {Promise<Answer>}
   */
  function put(address, part, sent) {
    return new Promise((done) => {
      const request = new XMLHttpRequest();
      let timer = setTimeout(() => request.abort(), STALLED_MS);
      const look = setInterval(() => stopped() && request.abort(), 200);
      request.upload.onprogress = (event) => {
        clearTimeout(timer);
        timer = setTimeout(() => request.abort(), STALLED_MS);
        sent(event.loaded);
      };
      request.onloadend = () => {
        clearTimeout(timer);
        clearInterval(look);
        done({ status: request.status, words: titleOf(request) });
      };
      request.open("PUT", address);
      if (address.startsWith("/")) request.setRequestHeader("X-CSRF-Token", csrf);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.send(part);
    });
  }
}

/** @param {XMLHttpRequest} request @returns {string} the server's sentence of a refusal */
function titleOf(request) {
  try {
    return request.status >= 400 ? JSON.parse(request.responseText).title || "" : "";
  } catch {
    return "";
  }
}

/** Resolve after a pause, or at once when the network is back. @param {number} ms @returns {Promise<void>} */
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
