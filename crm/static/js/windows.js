// Windows: a link with data-window opens its page's form in the dialog. The contract is in templates/shared/forms.html.
import { dropDraft, restoreDrafts } from "./drafts.js";
import { keepFocus } from "./focus.js";
import { FOCUSABLE, dialog, isVisible, own } from "./page.js";

// htmx focuses a field once more when it settles: at once, or a person who types by then writes into that field.
const FILL = "innerHTML settle:0ms";
const DOUBLE_CLICK_MS = 400;
const FIELDS = ".window-fields input:not([type=hidden]), .window-fields select, .window-fields textarea";

const body = document.getElementById("dialog-body");
const problem = document.getElementById("dialog-alert");
let opener = null;
let closedAt = -Infinity;

export function openWindow(url, from) {
  opener = from;
  dialog.dataset.url = url;
  if (from) {
    from.focus({ preventScroll: true });
    from.setAttribute("aria-busy", "true");
  }
  return htmx.ajax("GET", url, { source: document.body, target: body, swap: FILL, push: "false", replace: "false" })
    .catch(() => {})
    .finally(() => from && from.removeAttribute("aria-busy"));
}

function showWindow() {
  if (!body.firstElementChild) {
    if (dialog.open) dialog.close();
    return;
  }
  problem.textContent = "";
  if (!dialog.open) dialog.showModal();
  restoreDrafts(body);
  focusFirst();
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
  if (menu) menu.open = false;
  openWindow(link.href, menu ? menu.querySelector("summary") : link);
});

dialog.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) {
    event.preventDefault();
    dialog.close();
  }
});

dialog.addEventListener("close", () => {
  body.querySelectorAll("form[data-draft]").forEach(dropDraft);
  body.replaceChildren();
  problem.textContent = "";
  delete dialog.dataset.url;
  if (opener && opener.isConnected) opener.focus();
  else keepFocus();
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

dialog.addEventListener("keydown", (event) => {
  if (event.key !== "Tab") return;
  const stops = [...dialog.querySelectorAll(FOCUSABLE)].filter(isVisible);
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  if (document.activeElement === edge || document.activeElement === document.body) {
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0]).focus();
  }
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
