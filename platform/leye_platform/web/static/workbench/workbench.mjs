// @ts-check
// Puts the workbench together: tool and store, adapters, drafts, submission. All decisions are in the parts.

import { t } from "../messages.mjs";
import { ActiveTime } from "./active_time.mjs";
import { announcer } from "./announcer.mjs";
import { Autosave } from "./autosave.mjs";
import { Heartbeat } from "./heartbeat.mjs";
import { Journal, localShelf } from "./journal.mjs";
import { listenToKeys, shortcutSwitch } from "./keyboard.mjs";
import { openLine } from "./line.mjs";
import { listenToPresses } from "./pointer.mjs";
import { Store } from "./store.mjs";
import { submit } from "./submit.mjs";

const TICK_MS = 5000;
/** Where a given answer is put right, nothing is kept on the server until it is submitted. */
const NO_DRAFTS = { save() {}, stop: () => Promise.resolve(), resume() {}, flush() {} };
/** Commands that the browser carries out by posting the form. */
const POSTED = ["skip", "help", "leave"];

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
/** @param {string} id */
const json = (id) => JSON.parse(byId(id).textContent || "null");

const main = /** @type {HTMLElement} */ (document.querySelector("main"));
const form = /** @type {HTMLFormElement} */ (byId("answer"));
const task = json("task");
const line = openLine(`/api/v1/assignments/${task.assignment}`, task.csrf);
const say = announcer(byId("announcer"));
const journal = new Journal(task.corrects ? `${task.assignment}:correction` : task.assignment, localShelf());
const kept = journal.read();
const time = new ActiveTime(Date.now(), Math.max(task.active_ms, (kept && kept.active_ms) || 0));
let input = "pointer";

const near = byId("near");
let away = false;

/** @type {import("./line.mjs").Show} */
function show(state, words) {
  main.dataset.state = state;
  byId("saved").textContent = words;
  // Trouble stands beside the commands too.
  if (state !== "saving") near.hidden = state === "saved";
  near.className = `notice ${state === "error" && document.body.dataset.out !== "" ? "bad" : "attention"}`;
  /** @type {HTMLElement} */ (near.firstElementChild).textContent = words;
  if (state === "saving") return;
  // Said when the network goes and when it is back; each refusal.
  const news = state === "error" || (state === "offline") !== away;
  away = state === "offline";
  if (news) say(words);
}

/** @type {import("./line.mjs").Show} */
function tell(state, words) {
  show(state, words);
  near.scrollIntoView({ block: "nearest" });
}

/** One task on the page, with the tool of its type. */
class Workbench {
  /** @param {any} tool */
  constructor(tool) {
    this.tool = tool;
    const unsent = kept && (kept.submitting || !kept.arrived);
    this.store = new Store(tool.start(task.view, unsent ? kept.chosen : task.chosen), tool.reduce, tool);
    // A proposal is the first step, which can be undone like any other.
    const past = (kept && kept.past) || (task.untouched ? [[]] : []);
    this.store.history.past = past.map((/** @type {string[]} */ c) => tool.start(task.view, c));
    this.key = (kept && kept.submitting && kept.key) || task.key;
    this.drafts = task.corrects ? NO_DRAFTS : new Autosave(line, show, () => this.remember({ arrived: true }));
    this.sending = false;
    this.store.listen((state, command, lasting) => {
      this.lack("");
      const said = tool.words(state, command, t);
      if (said) say(said);
      if (!lasting) return;
      this.remember({});
      if (!this.sending) this.drafts.save(this.draft());
    });
    tool.draw(form, this.store.state, t);
    if (kept && kept.submitting) this.submit();
    else if (unsent) this.drafts.save(this.draft());
  }

  measured() {
    return { active_ms: time.count(Date.now()) };
  }

  draft() {
    return { result: this.tool.result(this.store.state), ...this.measured() };
  }

  /** @param {{arrived?: boolean, submitting?: boolean}} standing */
  remember(standing) {
    const { state, history } = this.store;
    const chosen = this.tool.chosen(state);
    const past = history.past.map(this.tool.chosen);
    journal.write({ chosen, past, key: this.key, ...this.measured(), ...standing }, Date.now());
  }

  /** @param {string} command */
  run(command) {
    time.touch(Date.now());
    if (command === "submit") this.submit();
    else if (POSTED.includes(command)) this.post(command);
    else if (!this.sending && !this.store.send(command) && command === "undo") say(t("没有可以撤销的"));
    this.tool.draw(form, this.store.state, t);
  }

  async submit() {
    if (this.sending) return;
    const lack = this.tool.missing(this.store.state, t);
    this.lack(lack);
    if (lack) {
      say(lack);
      /** @type {HTMLElement} */ (form.querySelector("[data-command]")).focus();
      return;
    }
    this.sending = true;
    this.remember({ submitting: true });
    await this.drafts.stop();
    const outcome = task.corrects
      ? await submit(line, tell, this.key, { result: this.draft().result }, "/correction")
      : await submit(line, tell, this.key, { ...this.draft(), input_mode: input });
    if (outcome.done) {
      journal.clear();
      show("saved", t("已提交"));
      /** @type {HTMLFormElement} */ (byId("next")).submit();
      return;
    }
    this.sending = false;
    this.drafts.resume();
    this.remember({});
    tell("error", outcome.words);
  }

  /**
   * Show what is missing beside the choices, or take it away.
   * @param {string} words
   */
  lack(words) {
    byId("error-choice").hidden = !words;
    byId("lack").textContent = words;
  }

  /** @param {string} command */
  async post(command) {
    if (this.sending) {
      say(byId("saved").textContent || "");
      return;
    }
    if (!navigator.onLine) {
      show("offline", t("网络断了，答案已存在这台设备上"));
      return;
    }
    await this.drafts.stop();
    /** @type {HTMLInputElement} */ (form.elements.namedItem("active_ms")).value = String(this.measured().active_ms);
    /** @type {HTMLElement} */ (document.querySelector(`button[data-command="${command}"]`)).click();
    this.drafts.resume(); // where the browser stays on the page, work goes on
  }
}

/** @param {Workbench} bench */
function connect(bench) {
  const run = (/** @type {string} */ command) => bench.run(command);
  listenToPresses(form, run);
  // What a tool's page needs beside buttons and keys.
  if (bench.tool.listen) bench.tool.listen(form, run, () => bench.store.state);
  listenToKeys(document, json("commands"), run, shortcutSwitch(document, localShelf()));
  const touch = () => time.touch(Date.now());
  addEventListener("keydown", () => ((input = "keyboard"), touch()), true);
  addEventListener("pointerdown", () => ((input = "pointer"), touch()), true);
  addEventListener("scroll", touch, { passive: true });
  if (task.corrects) return;
  const heart = new Heartbeat(line, () => bench.measured(), Date.now());
  setInterval(() => heart.tick(!document.hidden, Date.now()), TICK_MS);
  document.addEventListener("visibilitychange", () => {
    time.see(!document.hidden, Date.now());
    heart.tick(!document.hidden, Date.now());
    if (document.hidden) bench.drafts.flush();
  });
}

journal.sweep(Date.now());
import(task.tool).then((tool) => connect(new Workbench(tool)));
