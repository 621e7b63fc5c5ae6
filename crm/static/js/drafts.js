// Typed text that outlives an expired session: kept when a form is sent, put back in the same form, dropped once saved.
// A user who works in several organizations meets the text again in the one that it was typed in.
import { unfold } from "./fields.js";
import { dialog, own, pathOf, session } from "./page.js";

const keyOf = (form) => `draft:${session}:${pathOf(form)}`;
const isKept = (field) => field.name && !["hidden", "password", "file", "submit", "button"].includes(field.type);
const isTicked = (field) => field.type === "checkbox" || field.type === "radio";
const valueOf = (field) => (isTicked(field) ? [field.value, field.checked] : field.value);

export const draftKeys = () => Object.keys(sessionStorage).filter((name) => name.startsWith("draft:"));
export const readDraft = (key) => JSON.parse(sessionStorage.getItem(key) || "null");
export const writeDraft = (key, draft) => sessionStorage.setItem(key, JSON.stringify(draft));

export function keepDraft(form) {
  if (!session || !form.hasAttribute("data-draft")) return;
  const values = [...own(form, "elements")].filter(isKept).map((field) => [field.name, valueOf(field)]);
  writeDraft(keyOf(form), { session, values, window: dialog.dataset.url || null, page: location.href });
}

export function dropDraft(form) {
  sessionStorage.removeItem(keyOf(form));
}

export function restoreDrafts(region) {
  for (const form of region.querySelectorAll("form[data-draft]")) {
    const draft = readDraft(keyOf(form));
    dropDraft(form);
    if (!draft || draft.session !== session || form.querySelector(".error-summary")) continue;
    for (const [name, value] of draft.values) {
      form.querySelectorAll(`[name="${CSS.escape(name)}"]`).forEach((field) => restore(field, value));
    }
  }
}

function restore(field, value) {
  const isPair = Array.isArray(value);
  if (isPair ? field.value === value[0] && field.checked !== value[1] : field.value !== value) unfold(field);
  if (!isPair) field.value = value;
  else if (field.value === value[0]) field.checked = value[1];
}
