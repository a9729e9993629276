// @ts-check
// Says which file is chosen in the page's own words. The browser's control stays where it is, unseen and above them.

const UNITS = ["B", "KB", "MB", "GB"];

for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll(".file > input"))) {
  const place = /** @type {HTMLElement} */ (input.parentElement);
  const words = /** @type {HTMLElement} */ (place.querySelector("[data-chosen]"));
  const nothing = words.textContent;
  const show = () => {
    const file = input.files && input.files[0];
    const chosen = words.dataset.chosen || "";
    words.textContent = file ? chosen.replace("{size}", sizeOf(file.size)).replace("{name}", () => file.name) : nothing;
  };
  input.addEventListener("change", show);
  addEventListener("pageshow", show); // going back, a browser may have kept the file
  /** @type {HTMLElement} */ (place.querySelector(".file-shown")).hidden = false;
  place.dataset.ready = "yes";
  show();
}

/** @param {number} bytes @returns {string} in the largest unit that leaves a whole number, with one place below ten */
function sizeOf(bytes) {
  const rank = bytes ? Math.min(UNITS.length - 1, Math.floor(Math.log(bytes) / Math.log(1024))) : 0;
  const number = bytes / 1024 ** rank;
  return `${number < 10 && rank ? number.toFixed(1) : Math.round(number)}\u00a0${UNITS[rank]}`;
}
