// After signing in again, go back to the form that was lost: the page it was on, the window it was in.
import { draftKeys, readDraft, restoreDrafts, writeDraft } from "./drafts.js";
import { session } from "./page.js";
import { openWindow } from "./windows.js";

const userOf = (name) => name.split("-")[0];

export function resumeDrafts() {
  if (session) {
    restoreDrafts(document.getElementById("main"));
    draftKeys().forEach(resume);
  } else if (location.pathname === "/login") {
    draftKeys().forEach((key) => writeDraft(key, { ...readDraft(key), lost: true }));
  }
}

function resume(key) {
  const draft = readDraft(key);
  const isMine = draft.session === session;
  // The same user may have signed in to another organization first.
  if (!isMine && draft.lost && userOf(draft.session) === userOf(session)) return;
  if (isMine && draft.window && draft.page === location.href) openWindow(draft.window, null);
  else if (isMine && draft.lost && draft.page !== location.href) location.assign(draft.page);
  else sessionStorage.removeItem(key);
}
