// @ts-check
// What every page gains from JavaScript: no double submits, focus on what went wrong, live progress.

/** A second press of a submit button sends nothing; coming back to the page lets it be pressed again. */
function guardAgainstDoubleSubmits() {
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 8000);
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form")) delete form.dataset.sent;
  });
}

function focusOnProblems() {
  const problems = document.getElementById("problems") || document.getElementById("problem");
  if (problems) {
    problems.tabIndex = -1;
    problems.focus();
  }
}

/** A form with data-confirm asks by its dialog first; where the browser has none, it is sent as it is. */
function askBeforeDeeds() {
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById(form.dataset.confirm || ""));
    if (event.defaultPrevented || !dialog || !dialog.showModal || form.dataset.sure) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    dialog.returnValue = "";
    dialog.addEventListener("close", () => send(form, dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
  });
}

/** @param {HTMLFormElement} form @param {boolean} sure */
function send(form, sure) {
  if (!sure) return;
  form.dataset.sure = "yes";
  if (form.requestSubmit) form.requestSubmit();
  else form.submit();
}

const PATIENCE_MS = 2000;

/** While a page's state is "loading", its [data-progress] says how far it is; when done, it says so and shows [data-done]. */
function followProgress() {
  const main = document.querySelector("main");
  const progress = main?.querySelector("[data-progress]");
  if (!main || !progress || main.dataset.state !== "loading") return;
  setTimeout(async () => {
    const fresh = await mainAsItIsNow();
    const further = fresh?.querySelector("[data-progress]");
    if (further) progress.innerHTML = further.innerHTML;
    if (fresh && fresh.dataset.state !== "loading") tellThatItIsDone(main);
    else followProgress();
  }, PATIENCE_MS);
}

/** @returns {Promise<HTMLElement | null>} null while the network is away, or somebody has to sign in again */
async function mainAsItIsNow() {
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return answer.ok && !answer.redirected ? page.querySelector("main") : null;
  } catch {
    return null;
  }
}

/** Nothing moves by itself: the page stays, and offers the way on. @param {HTMLElement} main */
function tellThatItIsDone(main) {
  const done = /** @type {HTMLElement | null} */ (main.querySelector("[data-done]"));
  const announcer = document.getElementById("announcer");
  main.dataset.state = "ready";
  if (!done) return;
  done.hidden = false;
  if (announcer) announcer.textContent = done.textContent;
}

askBeforeDeeds();
guardAgainstDoubleSubmits();
focusOnProblems();
followProgress();
