// Search and filters: a chip clears its field, more filters fold away, and the URL leaves out what is empty.
import { own } from "./page.js";

const OPEN = ".more-filters[open]";

document.addEventListener("click", (event) => {
  const chip = event.target.closest("a[data-clear]");
  const form = chip && document.getElementById("filters");
  const field = form && own(form, "elements")[chip.dataset.clear];
  if (!field) return;
  event.preventDefault();
  field.value = "";
  form.requestSubmit();
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
