// @ts-check
// A button that prints the page. It is offered only where this module runs.

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-prints]"))) {
  button.addEventListener("click", () => window.print());
  button.hidden = false;
}
