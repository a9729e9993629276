// Everything that one look at the document can tell, in one round trip. An expression: a function for evaluate().
() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const visible = (e) => e.checkVisibility({ checkVisibilityCSS: true });
  const controls = all("input:not([type=hidden]),select,textarea,button,a[href],summary").filter(visible);
  const byIds = (ids) => (ids || "").split(" ").map((id) => document.getElementById(id)?.textContent).join(" ");
  const labels = (e) => [...(e.labels || [])].map((label) => label.textContent).join(" ");
  const name = (e) =>
    (e.getAttribute("aria-label") || labels(e) || e.textContent || byIds(e.getAttribute("aria-labelledby"))).trim();
  const box = (e) => {
    const label = e.closest("label");
    const { width, height } = (label || e).getBoundingClientRect();
    return [width, height];
  };
  // Links in a sentence and words of a text to mark (WCAG 2.5.5, inline); the words are 24 px wide all the same.
  const inText = (e) =>
    (e.tagName === "A" && getComputedStyle(e).display === "inline" && e.closest("p, li, td, dd")) ||
    (e.tagName === "BUTTON" && e.closest(".tokens") && box(e)[0] >= 24);
  const ids = all("[id]").map((e) => e.id);
  const start = (e) => e.outerHTML.slice(0, 110);
  const main = document.querySelector("main");
  return {
    h1: all("h1").map((e) => e.textContent.replace(/\s+/g, " ").trim()),
    title: document.title,
    lang: document.documentElement.lang,
    main: all("main").length,
    skip: !!document.querySelector('a.skip[href="#main"]'),
    banner: all("header").length,
    footer: all("footer").length,
    announcer: all("#announcer[aria-live=polite]").length,
    state: main?.dataset.state,
    view: main?.dataset.view,
    nameless: controls.filter((e) => !name(e)).map(start),
    twice: ids.filter((id, i) => ids.indexOf(id) !== i),
    unguarded: all("form")
      .filter((f) => f.method === "post" && !f.querySelector("[name=csrf]") && !f.hasAttribute("data-public"))
      .map((f) => f.action),
    inline: all("[style],[onclick],[onsubmit],[onchange]").map(start),
    foreign: all("script[src],link[href],img[src]")
      .map((e) => e.src || e.href)
      .filter((url) => !url.startsWith(location.origin) && !url.startsWith("data:")),
    sideways: document.documentElement.scrollWidth - window.innerWidth,
    small: controls
      .filter((e) => !inText(e) && !e.classList.contains("skip") && !e.disabled)
      .map((e) => [box(e), start(e)])
      .filter(([[width, height]]) => width < 43.5 || height < 43.5)
      .map(([[width, height], text]) => `${Math.round(width)}x${Math.round(height)} ${text}`),
    // What people wrote themselves stays in its own language; it is marked dir="auto".
    text: all("[dir=auto]").reduce((text, e) => text.replace(e.innerText, ""), document.body.innerText),
  };
}
