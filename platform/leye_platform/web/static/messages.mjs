// @ts-check
// Texts of modules: Chinese is the source; an English page carries its translations.

/** @type {Record<string, string> | null} */
let translations = null;

/**
 * @param {string} text the Chinese source text
 * @returns {string} the text in the page's language
 */
export function t(text) {
  if (translations === null) {
    const holder = typeof document === "undefined" ? null : document.getElementById("messages");
    translations = holder ? JSON.parse(holder.textContent || "{}") : {};
  }
  return (translations && translations[text]) || text;
}
