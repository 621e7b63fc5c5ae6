// Selected rows: kept over the pages of one list, as single ids or as all that match but some; they end with it.
import { keepFocus } from "./focus.js";
import { fillIn, own, session } from "./page.js";

const KEY = "selection";
const live = document.querySelector("[data-selected-live]");
let selection = null;

const bulkForm = () => document.getElementById("bulk");
const boxes = () => [...document.querySelectorAll("input[type=checkbox][name=ids]")];

function nobody(form) {
  const asOf = own(form, "elements").as_of.value;
  return { list: `${session} ${form.dataset.selects}`, page: location.pathname, all: false, asOf, ids: [], except: [] };
}

function read(form) {
  const empty = nobody(form);
  const kept = JSON.parse(sessionStorage.getItem(KEY) || "null");
  selection = kept && kept.list === empty.list ? kept : { ...empty, all: !own(form, "elements").all.disabled };
}

function select(box) {
  const list = selection.all ? "except" : "ids";
  const others = selection[list].filter((id) => id !== box.value);
  selection[list] = box.checked === selection.all ? others : [...others, box.value];
}

function textOf({ dataset }) {
  const { all, ids, except } = selection;
  if (!all) return fillIn(dataset.some, { number: ids.length });
  if (!except.length) return dataset.all;
  const left = (Number(dataset.count) - except.length).toLocaleString(dataset.locale, { numberingSystem: "latn" });
  return fillIn(dataset.count ? dataset.left : dataset.most, { left, others: except.length });
}

export function showSelection() {
  const form = bulkForm();
  if (!form) return;
  read(form);
  const isWhole = tick();
  const some = selection.all || selection.ids.length > 0;
  const text = textOf(form);
  form.classList.toggle("is-selecting", some);
  own(form, "elements").all.disabled = !selection.all;
  form.querySelector("[data-selected]").textContent = text;
  form.querySelector("[data-select-shown]").hidden = isWhole;
  form.querySelectorAll("[data-needs-two]").forEach((button) => {
    button.hidden = selection.all || selection.ids.length !== 2;
  });
  const everyone = form.querySelector("[data-select-all]");
  if (everyone) everyone.hidden = selection.all || !isWhole;
  const offers = everyone && !everyone.hidden;
  const offer = offers ? fillIn(form.dataset.offer, { text, offer: everyone.textContent.trim() }) : text;
  const said = some ? offer : "";
  if (live && live.textContent !== said) live.textContent = said;
}

// Tick the rows of this page that are selected; true where that is all of them.
function tick() {
  const all = boxes();
  const { ids, except } = selection;
  for (const box of all) box.checked = selection.all ? !except.includes(box.value) : ids.includes(box.value);
  const ticked = all.filter((box) => box.checked).length;
  const isWhole = ticked > 0 && ticked === all.length;
  document.querySelectorAll("[data-select-page]").forEach((box) => {
    box.checked = isWhole;
    box.indeterminate = ticked > 0 && !isWhole;
  });
  return isWhole;
}

function change(verb) {
  const form = bulkForm();
  if (form) read(form);
  verb(form);
  sessionStorage.setItem(KEY, JSON.stringify(selection));
  showSelection();
  keepFocus();
}

function tickPage(isTicked) {
  change(() => boxes().forEach((box) => {
    box.checked = isTicked;
    select(box);
  }));
}

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-select-page]")) tickPage(target.checked);
  else if (target.matches("input[type=checkbox][name=ids]")) change(() => select(target));
});

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-select-shown]")) tickPage(true);
  if (target.closest("[data-select-all]")) change((form) => { selection = { ...nobody(form), all: true }; });
  if (target.closest("[data-select-none]")) change((form) => { selection = nobody(form); });
});

document.addEventListener("htmx:afterSettle", showSelection);

function leave() {
  const kept = JSON.parse(sessionStorage.getItem(KEY) || "null");
  if (kept && kept.page !== location.pathname) sessionStorage.removeItem(KEY);
}

leave();

document.addEventListener("htmx:configRequest", ({ detail: { elt, formData } }) => {
  if (!elt.closest("#bulk")) return;
  for (const name of ["ids", "shown"]) formData.delete(name);
  const [name, ids] = selection.all ? ["except", selection.except] : ["ids", selection.ids];
  for (const id of ids) formData.append(name, id);
  if (selection.all) formData.set("as_of", selection.asOf);
});

document.addEventListener("htmx:beforeOnLoad", ({ detail: { elt, xhr } }) => {
  if (elt.id === "bulk" && xhr.status === 200) change((form) => { selection = nobody(form); });
});
