// The search over everything: a combobox in a dialog; the server sends its options (palette/index.htmx.html).
import { openWindow } from "./windows.js";
import { dialog } from "./page.js";

const palette = document.getElementById("palette");
const input = document.getElementById("palette-q");
const results = document.getElementById("palette-results");
const live = document.getElementById("palette-live");
let opener = null;
let isEntered = false;

const options = () => [...results.querySelectorAll("[role=option]")];
const active = () => results.querySelector("[aria-selected='true']");
const isFresh = () => results.querySelector("[data-for]")?.dataset.for === input.value.trim();

export function openPalette() {
  if (!palette || palette.open || dialog.open) return;
  opener = document.activeElement;
  palette.showModal();
  input.select();
  htmx.trigger(input, "palette");
}

function activate(option) {
  active()?.setAttribute("aria-selected", "false");
  input.removeAttribute("aria-activedescendant");
  if (!option) return;
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", option.id);
}

function step(by) {
  const all = options();
  activate(all.at((all.indexOf(active()) + by + all.length) % all.length));
}

// What is typed faster than the answer comes is chosen when it is there.
function choose() {
  isEntered = !isFresh();
  if (!isEntered) active()?.click();
}

const ACTS = { ArrowDown: () => step(1), ArrowUp: () => step(-1), Enter: choose, Escape: () => palette.close() };

if (palette) {
  palette.addEventListener("keydown", (event) => {
    if (event.isComposing || event.target !== input || !ACTS[event.key]) return;
    event.preventDefault();
    ACTS[event.key]();
  });

  palette.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-window]");
    if (event.target === palette || event.target.closest("[data-palette-close]")) palette.close();
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    palette.close();
    openWindow(link.href, opener, link.innerText.trim());
  });

  palette.addEventListener("close", () => {
    isEntered = false;
    if (opener && opener.isConnected) opener.focus();
  });

  results.addEventListener("htmx:afterSwap", () => {
    const list = results.querySelector("[role=listbox]");
    palette.querySelector("[data-alert]").textContent = "";
    live.textContent = list.dataset.said;
    input.setAttribute("aria-expanded", String(options().length > 0));
    activate(options()[0]);
    if (isEntered) choose();
  });
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-palette]") || event.defaultPrevented) return;
  event.preventDefault();
  openPalette();
});
