// @ts-check
// What is said aloud goes to one polite live region.

/**
 * @param {HTMLElement | null} region
 * @returns {(words: string) => void}
 */
export function announcer(region) {
  let said = 0;
  // The same words twice are said twice: a no-break space makes them differ.
  return (words) => {
    if (region) region.textContent = words + (said++ % 2 ? "\u00a0" : "");
  };
}
