// @ts-check
// Starts a page's modules once its styles are here: what is seen first comes first, then all modules in one wave.

const holder = document.getElementById("modules");
const { entries, needed } = JSON.parse((holder && holder.textContent) || '{"entries": [], "needed": []}');
for (const address of needed) {
  const link = document.createElement("link");
  link.rel = "modulepreload";
  link.href = address;
  document.head.append(link);
}
for (const address of entries) import(address);
