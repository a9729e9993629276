// @ts-check
// Of fields that go with one choice each, those of what is chosen lie open: a fold with data-with="VALUE", beside a radio of
// that value. Without this module all folds are there, and open by a press.

for (const fold of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("details[data-with]"))) {
  const choice = document.querySelector(`input[type=radio][value="${CSS.escape(fold.dataset.with || "")}"]`);
  const group = choice && choice.closest("fieldset");
  if (!group) continue;
  group.addEventListener("change", () => {
    fold.open = /** @type {HTMLInputElement} */ (choice).checked;
  });
}
