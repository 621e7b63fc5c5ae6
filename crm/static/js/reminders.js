// Reminders: "Sent?" once one is back from where a message was opened, and whether the list on the home page is folded.
const KEY = "sent";
const YEAR = 365 * 24 * 3600;
let isBack = true;

function rowAsked() {
  const id = isBack && sessionStorage.getItem(KEY);
  return id ? document.getElementById(id) : null;
}

function ask() {
  const row = rowAsked();
  const question = row && row.querySelector(".reminder-question");
  if (!question || !question.hidden) return;
  const hadFocus = row.contains(document.activeElement);
  question.hidden = false;
  row.classList.add("is-asked");
  if (hadFocus) question.querySelector("button").focus();
}

function answerNotYet(row) {
  sessionStorage.removeItem(KEY);
  row.classList.remove("is-asked");
  row.querySelector(".reminder-question").hidden = true;
  row.querySelector("[data-asks-sent]").focus();
}

// The click comes before the list opens or closes.
function keepFold(list) {
  document.cookie = `fold-${list.dataset.fold}=${list.open ? 1 : 0}; path=/; max-age=${YEAR}; samesite=lax`;
}

document.addEventListener("click", ({ target }) => {
  const link = target.closest("[data-asks-sent]");
  if (link) {
    isBack = false;
    sessionStorage.setItem(KEY, link.closest(".reminder").id);
  }
  if (target.closest("[data-not-yet]")) answerNotYet(target.closest(".reminder"));
  const fold = target.closest("[data-fold] > summary");
  if (fold) keepFold(fold.parentElement);
});

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  isBack = true;
  ask();
});

document.addEventListener("htmx:afterSettle", ask);

ask();
