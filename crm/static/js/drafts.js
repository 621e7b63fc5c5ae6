// Typed text that is never lost: kept when its window closes, its page is left or its session ends; dropped once saved.
// A user who works in several organizations meets the text again in the one that it was typed in.
import { unfold } from "./fields.js";
import { dialog, fillIn, own, pathOf, session } from "./page.js";

const KEPT_TYPES = ["hidden", "password", "file", "submit", "button"];
const MAX_ROWS = 20;
const GROWS = "button[name^='add_']";

// By key: the fields as the server sent them when the form was opened. What is like them was not typed.
const opened = new Map();
const saved = new WeakSet();
const keys = new WeakMap();
const note = document.getElementById("draft-note");

const isKept = (field) => field.name && !KEPT_TYPES.includes(field.type);
const isTicked = (field) => field.type === "checkbox" || field.type === "radio";
const isChoice = (field) => field.tagName === "SELECT";
const valueOf = (field) => (isTicked(field) ? [field.value, field.checked] : field.value);
const allOf = (form, read) => [...own(form, "elements")].filter(isKept).map((field) => [field.name, read(field)]);
const fieldsOf = (form, name) => [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];

// A form that an answer took the place of keeps its key.
function keyOf(form) {
  if (form.isConnected || !keys.has(form)) keys.set(form, keyIn(form));
  return keys.get(form);
}

// The value that the server sent: a browser may have put back what was typed before.
function sentOf(field) {
  if (isTicked(field)) return [field.value, field.defaultChecked];
  if (!isChoice(field)) return field.defaultValue;
  const options = [...field.options];
  return (options.find((option) => option.defaultSelected) || options[0])?.value ?? "";
}

function keyIn(form) {
  const { pathname, search } = new URL((dialog.contains(form) && dialog.dataset.url) || location.href, location.href);
  // Several forms of a page that are sent to one address have a name each.
  return `draft:${session}:${pathname}${search} ${pathOf(form)} ${form.dataset.draft}`.trimEnd();
}

export const draftKeys = () => Object.keys(sessionStorage).filter((name) => name.startsWith("draft:"));
export const readDraft = (key) => JSON.parse(sessionStorage.getItem(key) || "null");
export const writeDraft = (key, draft) => sessionStorage.setItem(key, JSON.stringify(draft));

// `state`: "sent" while the server has it, "open" while the form is on the screen, "closed" for the next opening.
export function keepDraft(form, state) {
  if (!session || !form.hasAttribute("data-draft") || saved.has(form)) return;
  const key = keyOf(form);
  const before = opened.get(key) || new Set();
  const values = allOf(form, valueOf).filter((value) => !before.has(JSON.stringify(value)));
  const place = dialog.contains(form) ? dialog.dataset.url : null;
  if (values.length) writeDraft(key, { session, state, values, window: place, page: location.href, at: Date.now() });
  else sessionStorage.removeItem(key);
}

export function dropDraft(form) {
  saved.add(form);
  sessionStorage.removeItem(keyOf(form));
}

export function restoreDrafts(region) {
  for (const form of region.querySelectorAll("form[data-draft]")) {
    const key = keyOf(form);
    const draft = readDraft(key);
    open(form);
    sessionStorage.removeItem(key);
    if (draft && draft.session === session && !form.querySelector(".error-summary")) fill(form, draft);
  }
}

function open(form) {
  const values = form.querySelector(".error-summary") ? [] : allOf(form, sentOf);
  opened.set(keyOf(form), new Set(values.map((value) => JSON.stringify(value))));
}

function fill(form, draft) {
  for (const [name, value] of draft.values) fieldsOf(form, name).forEach((field) => restore(field, value));
  const lacks = draft.values.some(([name]) => !fieldsOf(form, name).length);
  const grow = form.querySelector(GROWS);
  if (lacks && grow && (draft.rows || 0) < MAX_ROWS) {
    growing = { ...draft, rows: (draft.rows || 0) + 1 };
    form.requestSubmit(grow);
    return;
  }
  offer(form, draft.at);
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

// A form whose rows the server adds is filled again with each row.
let growing = null;

export function goOnFilling(region) {
  const form = region.querySelector("form[data-draft]");
  const draft = growing;
  growing = null;
  if (form && !opened.has(keyOf(form))) open(form);
  if (form && draft) fill(form, draft);
}

function restore(field, value) {
  if (isChoice(field) && ![...field.options].some((option) => option.value === value)) return;
  const isPair = Array.isArray(value);
  if (isPair ? field.value === value[0] && field.checked !== value[1] : field.value !== value) unfold(field);
  if (!isPair) field.value = value;
  else if (field.value === value[0]) field.checked = value[1];
}

function offer(form, at) {
  const shown = note.content.firstElementChild.cloneNode(true);
  const time = new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const text = shown.querySelector("[data-text]");
  text.textContent = fillIn(text.dataset.text, { time });
  const title = form.querySelector(".window-title");
  if (title) title.after(shown);
  else form.prepend(shown);
}

document.addEventListener("click", ({ target }) => {
  const shown = target.closest("[data-discard]")?.closest("[data-draft-note]");
  if (!shown) return;
  const form = shown.closest("form");
  shown.remove();
  dropDraft(form);
  if (dialog.contains(form)) {
    document.dispatchEvent(new CustomEvent("discardDraft"));
    return;
  }
  HTMLFormElement.prototype.reset.call(form);
  form.dispatchEvent(new Event("change", { bubbles: true }));
  [...own(form, "elements")].find(isKept)?.focus();
});

document.addEventListener("input", ({ target }) => saved.delete(target.form));

// A form that is being sent was kept when it was.
export function keepAll(state) {
  const forms = document.querySelectorAll("form[data-draft]:not([aria-busy='true'])");
  for (const form of forms) if (form.getClientRects().length) keepDraft(form, state);
}

addEventListener("pagehide", () => keepAll("open"));
document.addEventListener("visibilitychange", () => document.hidden && keepAll("open"));
