// A form is sent once at a time, its text kept until it is saved, and the progress of an upload shown.
import { dropDraft, keepDraft } from "./drafts.js";
import { dialog, fillIn, own } from "./page.js";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (own(form, "method") !== "post") return;
  if (form.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  form.setAttribute("aria-busy", "true");
  // A button with a name asks for the form filled anew: what was typed comes back with the answer.
  if (!event.submitter || !event.submitter.name) keepDraft(form, "sent");
}, true);

document.addEventListener("htmx:afterRequest", ({ detail: { successful, requestConfig } }) => {
  // What a field of the form asks while somebody types, such as a preview, saves nothing.
  const form = requestConfig && requestConfig.elt;
  if (!form || !form.matches("form") || requestConfig.verb === "get") return;
  form.removeAttribute("aria-busy");
  if (successful && form.hasAttribute("data-draft")) dropDraft(form);
  const bar = form.querySelector("[data-upload]");
  if (bar) bar.hidden = true;
});

// On a page of its own, a form with a file is sent by htmx, too: the browser alone would show no progress.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const input = form.querySelector && form.querySelector("[data-upload]") && form.querySelector("input[type=file]");
  if (event.defaultPrevented || dialog.contains(form) || !input || !input.value) return;
  event.preventDefault();
  const place = form.parentElement;
  htmx.ajax("POST", own(form, "action"), { source: form, event, target: place, swap: "innerHTML settle:0ms" })
    .then(() => place.querySelector("[data-focus]")?.focus())
    .catch(() => {});
});

window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[aria-busy]").forEach((form) => form.removeAttribute("aria-busy"));
});

document.addEventListener("htmx:xhr:progress", ({ target, detail: { lengthComputable, loaded, total } }) => {
  const form = target.closest && target.closest("form");
  const bar = form && form.querySelector("[data-upload]");
  if (!bar || !lengthComputable || !form.querySelector("input[type=file]").value) return;
  const percent = Math.round(100 * loaded / total);
  showProgress(form, percent, fillIn(percent < 100 ? bar.dataset.percent : bar.dataset.saving, { percent }));
});

export function showProgress(form, percent, text) {
  const bar = form.querySelector("[data-upload]");
  bar.hidden = false;
  bar.querySelector("progress").value = percent;
  bar.querySelector("span").textContent = text;
}
