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

document.addEventListener("click", ({ target }) => {
  const link = target.closest("[data-asks-sent]");
  if (link) {
    isBack = false;
    sessionStorage.setItem(KEY, link.closest(".reminder").id);
  }
  if (target.closest("[data-not-yet]")) answerNotYet(target.closest(".reminder"));
});

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  isBack = true;
  ask();
});

document.addEventListener("htmx:afterSettle", ask);

document.addEventListener("toggle", ({ target }) => {
  const name = target.dataset && target.dataset.fold;
  if (name) document.cookie = `fold-${name}=${target.open ? 0 : 1}; path=/; max-age=${YEAR}; samesite=lax`;
}, true);

ask();
