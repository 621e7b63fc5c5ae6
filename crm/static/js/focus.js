// Focus is never lost to <body> by a swap: it goes back to the element, its twin, or the region around it.
// A button in a form with data-steps-on="done" that goes leaves it to the next one like it, else to the one before.
import { FOCUSABLE, dialog, isVisible, toasts } from "./page.js";

let last = null;

document.addEventListener("focusin", ({ target }) => {
  if (dialog.contains(target)) return;
  const homes = [];
  for (let home = target.parentElement; home; home = home.parentElement) {
    if (home.id && home !== toasts) homes.push(home.id);
  }
  last = { element: target, id: target.id, href: target.getAttribute("href"), homes, next: nextOf(target) };
});

// A press on empty ground lets go: there is nothing to bring back.
document.addEventListener("pointerdown", ({ target }) => {
  if (!target.closest(`${FOCUSABLE}, label, [tabindex], dialog`)) last = null;
});

// Return the ids of the buttons that follow, then of those before, the nearest first.
function nextOf(element) {
  const form = element.closest("[data-steps-on]");
  if (!form) return [];
  const forms = [...document.querySelectorAll(`[data-steps-on="${form.dataset.stepsOn}"]`)];
  const place = forms.indexOf(form);
  const others = [...forms.slice(place + 1), ...forms.slice(0, place).reverse()];
  return others.map((other) => other.querySelector("button").id).filter(Boolean);
}

export function keepFocus() {
  if (!last || dialog.open || (document.activeElement && document.activeElement !== document.body)) return;
  const homes = last.homes.map((id) => document.getElementById(id)).filter((element) => element && isVisible(element));
  const links = (region) => [...region.querySelectorAll("a[href]")];
  const isTwin = (link) => link.getAttribute("href") === last.href && isVisible(link);
  const twins = homes.map((region) => last.href && links(region).find(isTwin));
  const candidates = [last.element.isConnected && last.element, last.id && document.getElementById(last.id), ...twins];
  const isThere = (element) => element && isVisible(element);
  const next = last.next.map((id) => document.getElementById(id)).find(isThere);
  const home = candidates.find(isThere) || next || homes[0] || document.getElementById("main");
  if (!home.matches(FOCUSABLE)) home.setAttribute("tabindex", "-1");
  home.focus({ preventScroll: true });
}

// After htmx:afterSwap the window looks first, see windows.js.
for (const name of ["htmx:oobAfterSwap", "htmx:afterSettle", "htmx:afterRequest"]) {
  document.addEventListener(name, keepFocus);
}

// Tab goes round in the dialog.
dialog.addEventListener("keydown", (event) => {
  if (event.key !== "Tab") return;
  const stops = [...dialog.querySelectorAll(FOCUSABLE)].filter(isVisible);
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  if (document.activeElement === edge || document.activeElement === document.body) {
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0]).focus();
  }
});
