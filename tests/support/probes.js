// What axe does not find, in one round trip (ACCESSIBILITY.md, section 3). An expression: a function for evaluate().
() => {
  const PRESSES = ["click", "mousedown", "mouseup", "pointerdown", "pointerup", "dblclick", "touchstart", "touchend"];
  const DRAGS = ["dragstart", "drag", "drop", "mousemove", "pointermove", "touchmove"];
  const FOCUSABLE = "a[href],button,input,select,textarea,summary,[tabindex]:not([tabindex='-1'])";
  const all = (selector) => [...document.querySelectorAll(selector)];
  const visible = (e) => e.isConnected && e.checkVisibility({ checkVisibilityCSS: true });
  const start = (e) => e.outerHTML.slice(0, 110);
  const reachable = (e) => e.closest(FOCUSABLE + ",label") || e.querySelector(FOCUSABLE);
  const listening = (kinds) =>
    [...new Set((window.__listeners || []).filter(([, kind]) => kinds.includes(kind)).map(([e]) => e))].filter(visible);
  // A finite set of commands stands beside a drawing: then the pointer has no ability of its own there.
  const commands = all("main [data-command]").filter(visible).length;
  const onlyByMouse = (e) => !reachable(e) && !(commands && e.closest("svg, canvas"));
  const pressed = [...listening(PRESSES), ...all("body *").filter((e) => getComputedStyle(e).cursor === "pointer" && visible(e))];
  const dragged = [...all("[draggable=true]").filter(visible), ...listening(DRAGS)];
  const named = (e) => e.getAttribute("aria-label") || e.getAttribute("aria-labelledby") || (e.labels || []).length || e.title;
  const main = all("button.main, a.main").filter(visible);
  return {
    mouse: pressed.filter(onlyByMouse).map(start),
    drag: commands ? [] : dragged.map(start),
    placeholder: all("input[placeholder],textarea[placeholder]").filter((e) => !named(e)).map(start),
    low: main.filter((e) => e.getBoundingClientRect().height < 55.5).map(start),
  };
}
