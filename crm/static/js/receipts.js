// Chosen receipts: listed with their problems, and kept when their form comes back while its window is open.
import { dialog, fillIn, iconOf, pathOf } from "./page.js";
import { isPicture, problemOf } from "./receipt_checks.js";

// What was chosen for the form of a path, each file with its problem.
let kept = { path: "", entries: [] };

export const inputIn = (region) => region.querySelector("input[type=file][data-files]");

export const textsOf = (input) => JSON.parse(input.dataset.texts);

export const hasProblems = (form) => kept.path === pathOf(form) && kept.entries.some(({ problem }) => problem);

// They are kept before they are checked: a form that is sent meanwhile comes back with all of them.
async function choose(input) {
  const limits = JSON.parse(input.dataset.files);
  const path = pathOf(input.form);
  const entries = [...input.files].map((file) => ({ file, problem: "" }));
  kept = { path, entries };
  for (const entry of entries) {
    const problem = await problemOf(entry.file, limits).catch(() => limits.sentences.type);
    entry.problem ||= problem;
  }
  const now = inputOf(path);
  if (now && kept.path === path) show(now);
}

const inputOf = (path) => [...document.querySelectorAll("input[type=file][data-files]")]
  .find((input) => pathOf(input.form) === path);

export function keepFiles(input, entries) {
  kept = { path: pathOf(input.form), entries };
  show(input);
}

function show(input) {
  const { form } = input;
  const good = new DataTransfer();
  kept.entries.filter(({ problem }) => !problem).forEach(({ file }) => good.items.add(file));
  input.files = good.files;
  const list = form.querySelector("[data-chosen]");
  list.querySelectorAll("img").forEach((image) => URL.revokeObjectURL(image.src));
  list.replaceChildren(...kept.entries.map((entry) => row(entry, input)));
  list.hidden = !(kept.entries.length > 1 || kept.entries.some(({ problem }) => problem));
  const { queue } = JSON.parse(input.dataset.files);
  const over = good.files.length - queue;
  complain(form, over > 0 ? fillIn(textsOf(input).over, { queue, over }) : "");
}

function row(entry, input) {
  const { file, problem } = entry;
  const item = document.createElement("li");
  item.innerHTML = `${iconOf("paperclip")}<span></span>`
    + `<button class="btn btn-quiet btn-icon" type="button">${iconOf("x-lg")}</button>`;
  item.children[1].textContent = `${file.name}, ${size(file)}`;
  item.lastElementChild.setAttribute("aria-label", fillIn(textsOf(input).remove, { name: file.name }));
  item.lastElementChild.addEventListener("click", () => remove(entry, input));
  if (!problem && isPicture(file)) {
    item.firstElementChild.replaceWith(Object.assign(new Image(), { src: URL.createObjectURL(file), alt: "" }));
  }
  if (problem) {
    item.append(Object.assign(document.createElement("p"), { className: "field-error", textContent: problem }));
  }
  return item;
}

function remove(entry, input) {
  kept.entries = kept.entries.filter((other) => other !== entry);
  show(input);
  (input.form.querySelector("[data-chosen]:not([hidden]) button") || input).focus();
}

function size({ size: bytes }) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export function complain(form, sentence) {
  const place = form.querySelector("[data-chosen-problem]");
  place.textContent = sentence;
  place.hidden = !sentence;
}

// A form that came back has its files again, with what the server found about some of them.
export function restoreFiles(region) {
  const input = inputIn(region);
  if (!input || !kept.entries.length || kept.path !== pathOf(input.form)) return;
  const refused = JSON.parse(input.dataset.refused);
  const sent = kept.entries.filter(({ problem }) => !problem);
  sent.forEach((entry, place) => { entry.problem = refused[place] || ""; });
  input.dataset.refused = "{}";
  show(input);
}

document.addEventListener("change", ({ target }) => {
  if (target.matches("input[type=file][data-files]")) choose(target);
});

document.addEventListener("htmx:afterSettle", ({ target }) => restoreFiles(target));

dialog.addEventListener("close", () => { kept = { path: "", entries: [] }; });
