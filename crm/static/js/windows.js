// Windows: a link with data-window opens its page's form in the dialog. The contract is in templates/shared/forms.html.
import { enterWindow, leaveWindow } from "./back.js";
import { goOnFilling, keepDraft, restoreDrafts } from "./drafts.js";
import { keepFocus } from "./focus.js";
import { FOCUSABLE, dialog, fillIn, isVisible, own } from "./page.js";

// htmx focuses a field once more when it settles: at once, or a person who types by then writes into that field.
const FILL = "innerHTML settle:0ms";
const DOUBLE_CLICK_MS = 400;
const WAIT_MS = 300;
const FIELDS = ".window-fields input:not([type=hidden]), .window-fields select, .window-fields textarea";

const body = document.getElementById("dialog-body");
const problem = document.getElementById("dialog-alert");
const waiting = document.getElementById("window-waiting");
let opener = null;
let pageTitle = "";
let isNew = false;
let closedAt = -Infinity;

export function openWindow(url, from, title) {
  opener = from;
  isNew = true;
  dialog.dataset.url = url;
  const timer = setTimeout(wait, WAIT_MS, title);
  if (from) {
    from.focus({ preventScroll: true });
    from.setAttribute("aria-busy", "true");
  }
  return htmx.ajax("GET", url, { source: document.body, target: body, swap: FILL, push: "false", replace: "false" })
    .catch(() => {})
    .finally(() => {
      clearTimeout(timer);
      body.querySelector("[data-waiting] progress")?.remove();
      if (from) from.removeAttribute("aria-busy");
    });
}

// On a slow network the dialog is there at once, with its title.
function wait(title) {
  if (!title || dialog.open) return;
  body.replaceChildren(waiting.content.cloneNode(true));
  body.querySelector("#window-title").textContent = title;
  show();
}

function show() {
  if (dialog.open) return;
  pageTitle = document.title;
  dialog.showModal();
  enterWindow();
}

function showWindow() {
  if (!body.firstElementChild) {
    if (dialog.open) dialog.close();
    return;
  }
  problem.textContent = "";
  show();
  if (isNew) restoreDrafts(body);
  else goOnFilling(body);
  isNew = false;
  showTitle();
  focusFirst();
}

// A form with a problem says so in the title of the page, too.
function showTitle() {
  const title = body.querySelector(".error-summary") && body.querySelector("#window-title");
  document.title = title ? fillIn(dialog.dataset.errorTitle, { title: title.textContent.trim() }) : pageTitle;
}

function focusFirst() {
  const target = body.querySelector("[data-focus]") || body.querySelector("[aria-invalid='true']")
    || body.querySelector("[autofocus]") || [...body.querySelectorAll(FIELDS)].find(isVisible)
    || body.querySelector("#window-title") || body.querySelector(FOCUSABLE);
  if (target) target.focus();
}

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target === body) showWindow();
  keepFocus();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-window]");
  if (!link || event.defaultPrevented || event.button) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const menu = link.closest("details.menu");
  const title = link.title || link.textContent.replace(/\s+/g, " ").trim() || link.getAttribute("aria-label");
  if (menu) menu.open = false;
  openWindow(link.href, menu ? menu.querySelector("summary") : link, title);
});

dialog.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) {
    event.preventDefault();
    dialog.close();
  }
});

dialog.addEventListener("close", () => {
  body.querySelectorAll("form[data-draft]").forEach((form) => keepDraft(form, "closed"));
  if (isNew) htmx.trigger(document.body, "htmx:abort");
  isNew = false;
  leaveWindow();
  document.title = pageTitle;
  body.replaceChildren();
  problem.textContent = "";
  delete dialog.dataset.url;
  if (opener && opener.isConnected) opener.focus();
  else keepFocus();
});

document.addEventListener("discardDraft", () => {
  const before = opener;
  openWindow(dialog.dataset.url, null);
  opener = before;
});

// A form in the dialog is an ordinary form; here it is sent by htmx and its answer shown in the dialog.
dialog.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || own(form, "method") === "dialog") return;
  if (form.hasAttribute("hx-post") || form.hasAttribute("hx-get")) return;
  event.preventDefault();
  const button = event.submitter;
  const values = button && button.name ? { [button.name]: button.value } : {};
  const formAction = button && button.getAttribute("formaction");
  const action = formAction || form.getAttribute("action") || dialog.dataset.url;
  problem.textContent = "";
  htmx.ajax(own(form, "method"), action, { source: form, event, target: body, swap: FILL, values }).catch(() => {});
});

// The second press of a double click or double Enter meets what the closing window uncovers: it is not meant for that.
document.addEventListener("closeWindow", () => {
  if (!dialog.open) return;
  closedAt = performance.now();
  dialog.close();
});

document.addEventListener("click", (event) => {
  const isRepeated = event.detail > 1 || (event.detail === 0 && opener && opener.contains(event.target));
  if (!isRepeated || performance.now() - closedAt > DOUBLE_CLICK_MS) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
