// Requests that failed say so in a toast, in the server's own sentence where it sent one.
import { toasts } from "./page.js";
import { toast } from "./toasts.js";

const { unreachable, broken } = toasts.dataset;

// No errors, though htmx calls them so: a part of an answer that is for another page, a request that a newer one takes
// the place of (and `afterRequest`, which always has the cause beside it). The console keeps what is really wrong.
const EXPECTED = ["htmx:oobErrorNoTarget", "htmx:sendAbort", "htmx:afterRequest"];

htmx.logger = (element, name, detail) => {
  if (EXPECTED.includes(name)) delete detail.error;
};

// What asks by itself every few seconds would say every few seconds that it got no answer.
const isPolling = (element) => (element.getAttribute("hx-trigger") || "").startsWith("every ");

document.addEventListener("htmx:responseError", ({ detail: { xhr, elt } }) => {
  if (xhr.status === 401 || isPolling(elt)) return;
  const page = new DOMParser().parseFromString(xhr.responseText || "", "text/html");
  const sentence = page.querySelector("[data-error]");
  toast(sentence ? sentence.textContent.trim() : broken, "bad");
});

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, ({ detail: { elt } }) => isPolling(elt) || toast(unreachable, "bad"));
}
