// @ts-check
// Boxes in pictures: what the workbench asks of a tool. Everything is decided in state.mjs and said in words.mjs.

export { draw, listen } from "./page.mjs";
export { passing, reduce, start } from "./state.mjs";
export { chosen, missing, result, words } from "./words.mjs";
