// Focus is never lost to <body> by a swap: it goes back to the element, its twin, or the region around it.
import { FOCUSABLE, dialog, isVisible, toasts } from "./page.js";

let last = null;

document.addEventListener("focusin", ({ target }) => {
  if (dialog.contains(target)) return;
  const homes = [];
  for (let home = target.parentElement; home; home = home.parentElement) {
    if (home.id && home !== toasts) homes.push(home.id);
  }
  last = { element: target, id: target.id, href: target.getAttribute("href"), homes };
});

// A press on empty ground lets go: there is nothing to bring back.
document.addEventListener("pointerdown", ({ target }) => {
  if (!target.closest(`${FOCUSABLE}, label, [tabindex], dialog`)) last = null;
});

export function keepFocus() {
  if (!last || dialog.open || (document.activeElement && document.activeElement !== document.body)) return;
  const homes = last.homes.map((id) => document.getElementById(id)).filter((element) => element && isVisible(element));
  const links = (region) => [...region.querySelectorAll("a[href]")];
  const isTwin = (link) => link.getAttribute("href") === last.href && isVisible(link);
  const twins = homes.map((region) => last.href && links(region).find(isTwin));
  const candidates = [last.element.isConnected && last.element, last.id && document.getElementById(last.id), ...twins];
  const isThere = (element) => element && isVisible(element);
  const home = candidates.find(isThere) || homes[0] || document.getElementById("main");
  if (!home.matches(FOCUSABLE)) home.setAttribute("tabindex", "-1");
  home.focus({ preventScroll: true });
}

// After htmx:afterSwap the window looks first, see windows.js.
for (const name of ["htmx:oobAfterSwap", "htmx:afterSettle", "htmx:afterRequest"]) {
  document.addEventListener(name, keepFocus);
}
