// Keys: the table stands in crm/palette/keys.py, and comes with the page as [keys, action, url].
import { dialog, isVisible, own, toasts } from "./page.js";
import { openPalette } from "./palette.js";
import { openWindow } from "./windows.js";

const SEQUENCE_MS = 1500;
const TYPING = "input, textarea, select, [contenteditable]:not([contenteditable='false'])";
const ROWS = "table.list > tbody > tr, .reminders > .reminder, .inbox > .inbox-text, "
  + ".board-card, .palette-list > li";
const SEARCH = "main input[type=search]";
const ADD = "main a[data-window].btn-primary";
const EDIT = "a[data-window][href$='/edit']";

const table = JSON.parse(document.body.dataset.keys || "[]");
let first = "";
let firstAt = 0;

const all = (selector, region = document) => [...region.querySelectorAll(selector)];
const shown = (selector) => all(selector).find(isVisible);
const nameIn = (row) => row.querySelector(".cell-name a, th a, a[href]");
const rowHere = () => document.activeElement?.closest(ROWS);

export function search() {
  const field = shown(SEARCH);
  if (!field) return openPalette();
  field.focus();
  return field.select();
}

function move(by) {
  const rows = all(`main :is(${ROWS})`).filter(isVisible);
  const here = rows.indexOf(rowHere());
  const row = here < 0 ? rows.at(by > 0 ? 0 : -1) : rows[here + by];
  const stop = row && (nameIn(row) || row.querySelector("button"));
  if (stop) stop.focus();
}

function edit() {
  const row = rowHere();
  const link = row ? all(EDIT, row)[0] : all(`main ${EDIT}`).find((one) => !one.closest(ROWS));
  if (link) openWindow(link.href, document.activeElement);
  else if (row) nameIn(row)?.click();
}

function submit() {
  const form = document.activeElement?.closest("form") || (dialog.open && dialog.querySelector(".window"));
  const button = form && (form.querySelector(".window-actions [type=submit]") || form.querySelector("[type=submit]"));
  if (form && own(form, "method") === "post") form.requestSubmit(button);
}

const ACTIONS = {
  search,
  palette: openPalette,
  add: () => shown(ADD)?.click(),
  undo: () => [...toasts.querySelectorAll("form")].at(-1)?.requestSubmit(),
  sheet: () => openWindow("/keys", document.activeElement),
  next: () => move(1),
  previous: () => move(-1),
  select: () => rowHere()?.querySelector("input[type=checkbox][name=ids]")?.click(),
  edit,
  submit,
  go: (url) => location.assign(url),
};

// Trust the key where it is of ASCII: on a keyboard of other letters the place of the key says which it is.
function nameOf({ key, code, shiftKey }) {
  if (key.length > 1) return key;
  if (/^[A-Za-z]$/.test(key)) return shiftKey ? "" : key.toLowerCase();
  if (/^[!-~]$/.test(key)) return key;
  if (code === "Slash") return shiftKey ? "?" : "/";
  return /^Key[A-Z]$/.test(code) && !shiftKey ? code.slice(3).toLowerCase() : "";
}

function pressed(event) {
  const name = nameOf(event);
  if (event.altKey || !name) return "";
  if (event.ctrlKey || event.metaKey) return `Mod+${name}`;
  const sequence = performance.now() - firstAt < SEQUENCE_MS ? `${first} ${name}`.trim() : name;
  first = sequence === name && table.some(([keys]) => keys.startsWith(`${name} `)) ? name : "";
  firstAt = performance.now();
  return first ? "" : sequence;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.keyCode === 229 || event.repeat) return;
  const isHeld = event.ctrlKey || event.metaKey;
  const { target } = event;
  const isOff = document.querySelector("dialog[open]") || (target.closest && target.closest(TYPING));
  if (!isHeld && isOff) return;
  const wanted = pressed(event);
  const [, action, url] = table.find(([keys]) => keys === wanted) || [];
  if (!ACTIONS[action]) return;
  event.preventDefault();
  ACTIONS[action](url);
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-search]")) return;
  event.preventDefault();
  search();
});

// What a key presses says so to those who can't see the sheet.
function tell() {
  const keys = Object.fromEntries(table.map(([name, action]) => [action, name]));
  for (const [action, selector] of [["search", SEARCH], ["add", ADD]]) {
    const element = keys[action] && shown(selector);
    if (element) element.setAttribute("aria-keyshortcuts", keys[action]);
  }
}

document.addEventListener("htmx:afterSettle", tell);
tell();
