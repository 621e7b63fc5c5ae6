// A window is an entry of the browser's history: Back closes the window, and not the page.
import { dialog } from "./page.js";

const waiting = [];
let isOnTop = false;
let isLeaving = false;

export function enterWindow() {
  if (isLeaving) waiting.push(enterWindow);
  else if (!isOnTop) {
    history.pushState({ window: true }, "");
    isOnTop = true;
  }
}

// Go back to the entry of the page, and then do what leads elsewhere: the browser would do one of both.
export function leaveWindow(then) {
  if (then) waiting.push(then);
  if (isOnTop) {
    isOnTop = false;
    isLeaving = true;
    history.back();
  } else if (!isLeaving) goOn();
}

function goOn() {
  waiting.splice(0).forEach((act) => act());
}

// Before htmx, which would ask for the page anew.
addEventListener("popstate", (event) => {
  if (!isLeaving && !dialog.open) return;
  event.stopImmediatePropagation();
  isOnTop = false;
  if (isLeaving) {
    isLeaving = false;
    goOn();
  } else dialog.close();
});

// What saved and answers with another page replaces the window's entry.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr } = event.detail;
  const url = xhr.status < 400 && xhr.getResponseHeader("HX-Redirect");
  if (!url || !isOnTop) return;
  event.preventDefault();
  leaveWindow(() => location.assign(url));
});

if (history.state && history.state.window) history.replaceState(null, "");
