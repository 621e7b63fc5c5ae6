// The fixed parts of every page, and small questions to its elements.

export const dialog = document.getElementById("dialog");
export const toasts = document.getElementById("toasts");
export const session = document.body.dataset.session || "";
export const FOCUSABLE = "a[href], button:not([disabled]), input:not([type=hidden]):not([disabled]), "
  + "select:not([disabled]), textarea:not([disabled]), summary, [tabindex='0']";

export const isVisible = (element) => element.getClientRects().length > 0;

// A field that is called "method" hides the form's own method.
export const own = (form, name) => Reflect.get(HTMLFormElement.prototype, name, form);

export const pathOf = (form) => new URL(form.getAttribute("action") || location.href, location.href).pathname;

// Sentences stand in attributes of a template; {name} is filled in here.
export const fillIn = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

export function iconOf(name) {
  const sprite = document.querySelector("svg.icon use").getAttribute("href").split("#")[0];
  return `<svg class="icon" aria-hidden="true"><use href="${sprite}#${name}"/></svg>`;
}
