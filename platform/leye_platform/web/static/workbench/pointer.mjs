// @ts-check
// The pointer adapter: what is pressed (by mouse, touch, Space or Enter) emits the command it carries.

/**
 * @param {HTMLFormElement} form
 * @param {(command: string) => void} emit
 */
export function listenToPresses(form, emit) {
  // A radio or checkbox changes by itself, which is only its drawing; the store is what counts.
  form.addEventListener("change", (event) => {
    const command = /** @type {HTMLElement} */ (event.target).dataset.command;
    if (command) emit(command);
  });
  document.addEventListener("click", (event) => {
    const pressed = /** @type {HTMLElement | null} */ (
      /** @type {HTMLElement} */ (event.target).closest("button[data-command]")
    );
    // A click that a script made is the workbench itself, handing the form to the browser.
    if (!pressed || !event.isTrusted) return;
    event.preventDefault();
    emit(pressed.dataset.command || "");
  });
  form.addEventListener("submit", (event) => {
    // Enter inside the form submits by the browser's own hand: the same command.
    const by = event.submitter;
    if (by && by.getAttribute("value") !== "submit") return;
    event.preventDefault();
    emit("submit");
  });
}
