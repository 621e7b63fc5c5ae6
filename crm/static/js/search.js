// Search and filters: a chip clears its field, a column's head sorts, and what was found is announced.
// The URL leaves out what is empty.
import { own } from "./page.js";

const OPEN = ".more-filters[open]";
const filters = document.getElementById("filters");
const live = document.createElement("p");

if (filters) {
  live.className = "visually-hidden";
  live.setAttribute("aria-live", "polite");
  filters.parentElement.append(live);
}

const results = () => document.getElementById("results");

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-clear], button[data-sort]");
  const fields = link && filters && own(filters, "elements");
  const field = fields && fields[link.dataset.clear || "sort"];
  if (!field || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  field.value = link.value || "";
  filters.requestSubmit();
});

document.addEventListener("click", ({ target }) => {
  document.querySelectorAll(OPEN).forEach((more) => { if (!more.contains(target)) more.open = false; });
});

document.addEventListener("keydown", ({ key, target }) => {
  const more = key === "Escape" && target.closest && target.closest(OPEN);
  if (!more) return;
  more.open = false;
  more.querySelector("summary").focus();
});

document.addEventListener("htmx:configRequest", ({ detail: { elt, formData } }) => {
  if (!elt.closest("form[role=search]")) return;
  for (const [name, value] of [...formData]) if (value === "") formData.delete(name);
});

document.addEventListener("htmx:beforeRequest", ({ detail: { target } }) => {
  if (target.id === "results") target.setAttribute("aria-busy", "true");
});

document.addEventListener("htmx:afterRequest", ({ detail: { target } }) => {
  if (target.id === "results" && results()) results().removeAttribute("aria-busy");
});

document.addEventListener("htmx:afterSettle", ({ target, detail: { requestConfig } }) => {
  if (target.id !== "results") return;
  if (requestConfig.elt === filters) live.textContent = found(target);
  // The page began with a search, so it came without what stands above the list.
  const seen = document.getElementById("reminders-seen");
  if (seen && !seen.value && !target.matches("[data-narrowed]")) htmx.trigger(document.body, "wholeList");
});

function found(list) {
  const line = list.querySelector("[data-found]");
  const empty = list.querySelector(".empty h2");
  return line ? line.dataset.found : empty ? empty.textContent : "";
}
