// @ts-check
// The quiet reminder to rest: it stands where it stands, says one sentence when it is time, and does nothing by itself.

import { t } from "../messages.mjs";
import { localShelf } from "./journal.mjs";
import { Rest } from "./rest.mjs";

const KEPT = "leye-rest";
const TICK_MS = 5000;
const FRESH_MS = 600000; // how often the wish is asked for again

/** @returns {any} */
function kept() {
  try {
    return JSON.parse((shelf && shelf.getItem(KEPT)) || "{}");
  } catch {
    return {};
  }
}

/** @param {any} more */
function keep(more) {
  try {
    if (shelf) shelf.setItem(KEPT, JSON.stringify({ ...kept(), ...more }));
  } catch {
    // Storage full or forbidden: the stretch begins anew with each page.
  }
}

/** @returns {Promise<number>} the person's own wish in minutes; 0 unless they set one */
async function wish() {
  const { minutes, asked } = kept();
  if (minutes !== undefined && Date.now() - asked < FRESH_MS) return minutes;
  try {
    const answer = await fetch("/api/v1/me/preferences", { headers: { accept: "application/json" } });
    const wanted = answer.ok ? Number((await answer.json()).rest_minutes) || 0 : 0;
    keep({ minutes: wanted, asked: Date.now() });
    return wanted;
  } catch {
    return minutes || 0;
  }
}

/** @param {HTMLElement} box @param {Rest} rest */
function remind(box, rest) {
  const words = /** @type {HTMLElement} */ (box.querySelector("[data-rest=words]"));
  const goOn = /** @type {HTMLElement} */ (box.querySelector("[data-rest=on]"));
  const quiet = words.textContent = t("休息提醒开着：连着做 {count} 分钟，说一声。").replace("{count}", String(rest.minutes));
  box.hidden = false;
  const tick = () => {
    const worked = rest.due(Date.now());
    if (!worked || box.dataset.due) return;
    box.dataset.due = "yes"; // said once; the same place, nothing moves
    words.textContent = t("连着做了 {count} 分钟，可以休息一下。").replace("{count}", String(worked));
    const announcer = document.getElementById("announcer");
    if (announcer) announcer.textContent = words.textContent;
  };
  goOn.addEventListener("click", () => {
    rest.goOn(Date.now());
    keep(rest.stretch);
    words.textContent = quiet;
    delete box.dataset.due;
  });
  const touch = () => {
    rest.touch(Date.now());
    keep(rest.stretch);
  };
  for (const kind of ["keydown", "pointerdown"]) addEventListener(kind, touch, true);
  touch();
  tick();
  setInterval(tick, TICK_MS);
}

const shelf = localShelf();
const place = document.getElementById("rest");
if (place) {
  wish().then((minutes) => {
    const { since, last } = kept();
    if (minutes) remind(place, new Rest(minutes, last ? { since, last } : null, Date.now()));
  });
}
