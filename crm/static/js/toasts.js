// Toasts: good news leaves by itself, later when it offers Undo or a page; what went wrong stays until it is dismissed.
import { keepFocus } from "./focus.js";
import { iconOf, toasts } from "./page.js";

const SECONDS = 6;
const SECONDS_WITH_LINK = 20;
const SECONDS_AFTER_LEAVING = 4;
const MAX_SHOWN = 3;

export function toast(text, kind) {
  const alert = document.querySelector("dialog[open] [data-alert]");
  if (alert) {
    alert.textContent = text;
    return;
  }
  const note = document.createElement("div");
  note.className = `toast-note toast-${kind}`;
  note.innerHTML = `${iconOf(kind === "bad" ? "x-circle-fill" : "check-circle-fill")}<p></p>`
    + '<button class="btn btn-quiet btn-icon" type="button" data-dismiss>'
    + `${iconOf("x-lg")}</button>`;
  note.querySelector("p").textContent = text;
  note.querySelector("button").setAttribute("aria-label", toasts.dataset.dismiss);
  toasts.append(note);
}

function dismiss(note) {
  const hadFocus = note.contains(document.activeElement);
  note.remove();
  if (hadFocus) keepFocus();
}

function startTimer(note) {
  if (note.timed || note.matches(".toast-bad")) return;
  note.timed = true;
  const dismissIn = (seconds) => setTimeout(dismiss, seconds * 1000, note);
  let timer = dismissIn(note.querySelector("form, a") ? SECONDS_WITH_LINK : SECONDS);
  for (const name of ["pointerenter", "focusin"]) note.addEventListener(name, () => clearTimeout(timer));
  for (const name of ["pointerleave", "focusout"]) {
    note.addEventListener(name, () => { timer = dismissIn(SECONDS_AFTER_LEAVING); });
  }
}

new MutationObserver(() => {
  const notes = [...toasts.children];
  notes.forEach(startTimer);
  notes.slice(0, -MAX_SHOWN).forEach(dismiss);
}).observe(toasts, { childList: true });
[...toasts.children].forEach(startTimer);

toasts.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-dismiss]");
  if (button) dismiss(button.closest(".toast-note"));
});

document.addEventListener("htmx:afterRequest", ({ detail: { successful, requestConfig } }) => {
  const note = successful && requestConfig && requestConfig.elt.closest(".toast-note");
  if (note) dismiss(note);
});
