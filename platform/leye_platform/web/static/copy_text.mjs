// @ts-check
// A button that copies the text of the element before it. It is offered only where the browser lets a page copy.

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-copied]"))) {
  const source = button.previousElementSibling;
  if (!source || !navigator.clipboard) continue;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText((source.textContent || "").trim());
    button.textContent = button.dataset.copied || "";
  });
  button.hidden = false;
}
