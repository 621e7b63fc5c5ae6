// After signing in again, go back to the form that was lost: the page it was on, the window it was in.
import { draftKeys, readDraft, restoreDrafts, writeDraft } from "./drafts.js";
import { session, toasts } from "./page.js";
import { openWindow } from "./windows.js";

const signIn = document.querySelector("form[data-sign-in]");
const userOf = (name) => name.split("-")[0];
const isSent = (key) => readDraft(key).state === "sent";

export function resumeDrafts() {
  if (session) {
    // A form that leads back to its page when it is saved: the page says so.
    if (toasts.querySelector(".toast-good")) {
      draftKeys().filter(isSent).forEach((key) => sessionStorage.removeItem(key));
    }
    restoreDrafts(document.getElementById("main"));
    draftKeys().forEach(tidy);
    const lost = draftKeys().filter((key) => readDraft(key).state === "lost" && readDraft(key).session === session);
    resume(lost.sort((one, other) => readDraft(one).at - readDraft(other).at));
  } else if (signIn) {
    const lost = draftKeys().filter((key) => readDraft(key).state !== "closed");
    const wasSent = lost.some(isSent);
    lost.forEach((key) => setState(key, "lost"));
    // The tab knows more than the page brought back: the window, too.
    if (wasSent) document.querySelectorAll("[data-kept]").forEach((part) => part.remove());
    if (lost.length) document.querySelector("[data-kept-note]").hidden = false;
  }
}

function setState(key, state) {
  writeDraft(key, { ...readDraft(key), state });
}

function tidy(key) {
  const draft = readDraft(key);
  // The same user may have signed in to another organization first.
  const isTheirs = userOf(draft.session) === userOf(session);
  if (draft.session !== session && !(isTheirs && draft.state === "lost")) sessionStorage.removeItem(key);
  else if (draft.state === "sent") sessionStorage.removeItem(key);
  else if (draft.state === "open") setState(key, "closed");
}

function resume(lost) {
  const key = lost.pop();
  lost.forEach((other) => setState(other, "closed"));
  if (!key) return;
  const { window: url, page } = readDraft(key);
  if (url && page === location.href) {
    setState(key, "closed");
    openWindow(url, null);
  } else if (page !== location.href) location.assign(page);
  else setState(key, "closed");
}
