// @ts-check
// A checkbox that shows what is typed as a password. It is offered only where this module runs.

for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("[data-shows-passwords]"))) {
  const form = /** @type {HTMLFormElement} */ (box.form);
  const fields = [.../** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("input[type=password]"))];
  const show = (/** @type {boolean} */ shown) => fields.forEach((field) => (field.type = shown ? "text" : "password"));
  box.addEventListener("change", () => show(box.checked));
  // Browsers keep what is sent from a text field, and offer it again to whoever types here.
  form.addEventListener("submit", () => show(false));
  /** @type {HTMLElement} */ (box.closest("label")).hidden = false;
}
