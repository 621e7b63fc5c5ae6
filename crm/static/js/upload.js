// Many receipts are sent one by one. Without this module a form takes as many as one request may have.
import { leaveWindow } from "./back.js";
import { dropDraft } from "./drafts.js";
import { dialog, fillIn, toasts } from "./page.js";
import { complain, hasProblems, inputIn, keepFiles, restoreFiles, textsOf } from "./receipts.js";
import { showProgress } from "./submits.js";

const MAX_BYTES_AT_ONCE = 25 * 1024 * 1024;
const NOTE = "uploaded-note";

const keys = new WeakMap();
let hasSaved = false;

// The toast of the last answer, which the page after it shows.
toasts.insertAdjacentHTML("beforeend", sessionStorage.getItem(NOTE) || "");
sessionStorage.removeItem(NOTE);
htmx.process(toasts);

dialog.addEventListener("close", () => { if (hasSaved) leaveWindow(() => location.reload()); });

// After the listener of submits.js, which marks the form as busy.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const input = inputIn(form);
  if (!input || event.defaultPrevented) return;
  const { queue, files: most } = JSON.parse(input.dataset.files);
  const files = [...input.files];
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const isStopped = hasProblems(form);
  if (!isStopped && files.length <= (dialog.contains(form) ? most : 0) && bytes <= MAX_BYTES_AT_ONCE) return;
  event.preventDefault();
  form.removeAttribute("aria-busy");
  if (isStopped) complain(form, textsOf(input).some);
  if (isStopped || files.length > queue) form.querySelector("[data-chosen-problem]").focus();
  else sendAll(form, files);
}, true);

async function sendAll(form, files) {
  const { done } = inputIn(form).dataset;
  const { unreachable } = textsOf(inputIn(form));
  const refused = [];
  let note = "";
  let url = form.getAttribute("action");
  form.setAttribute("aria-busy", "true");
  hasSaved = false;
  for (const [place, file] of files.entries()) {
    const isFirst = place === 0;
    const count = place - refused.length;
    const left = files.slice(place);
    const answer = await send(url, bodyOf(form, file, isFirst), (part) => progress(form, place, files.length, part));
    if (answer.status === 401) return location.assign(answer.getResponseHeader("HX-Redirect") || "/login");
    const { problem, first } = sentencesOf(answer);
    if (answer.status === 422 && (isFirst || !problem)) {
      if (!isFirst) return goOn(form, url, left, refused, count, first);
      form.removeAttribute("aria-busy");
      return replace(form, answer.responseText);
    }
    if (answer.status === 422) refused.push({ file, problem });
    else if (answer.status !== 200) return goOn(form, url, left, refused, count, first || unreachable);
    else {
      hasSaved = true;
      note ||= noteOf(answer);
      url = answer.getResponseHeader("Receipts-To") || url;
      dropDraft(form);
    }
  }
  if (refused.length) return goOn(form, url, [], refused, files.length - refused.length, "");
  finish(note, done);
}

function finish(note, done) {
  hasSaved = false;
  if (dialog.open) dialog.close();
  sessionStorage.setItem(NOTE, note);
  const goal = new URL(done, location.href);
  const isHere = goal.pathname === location.pathname;
  leaveWindow(() => {
    location.assign(goal);
    if (isHere) location.reload();
  });
}

function bodyOf(form, file, isFirst) {
  const body = new FormData(form);
  if (!isFirst) for (const name of [...body.keys()]) if (name !== "csrf_token") body.delete(name);
  const lacksKey = body.has("idempotency_key") && !body.get("idempotency_key");
  if (!isFirst || lacksKey) body.set("idempotency_key", keyOf(file));
  body.set("receipt", file, file.name);
  return body;
}

function keyOf(file) {
  const bytes = () => [...crypto.getRandomValues(new Uint8Array(16))];
  if (!keys.has(file)) keys.set(file, bytes().map((byte) => byte.toString(16).padStart(2, "0")).join(""));
  return keys.get(file);
}

function send(url, body, onProgress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("HX-Request", "true");
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(loaded / total));
    request.addEventListener("loadend", () => resolve(request));
    request.send(body);
  });
}

function progress(form, place, count, part) {
  const { file } = form.querySelector("[data-upload]").dataset;
  showProgress(form, Math.round(100 * (place + part) / count), fillIn(file, { number: place + 1, total: count }));
}

const parse = (html) => new DOMParser().parseFromString(html || "", "text/html");

const noteOf = ({ responseText }) => parse(responseText).getElementById("toasts")?.innerHTML || "";

// What an answer says: about its file, and whatever it says first.
function sentencesOf({ responseText }) {
  const page = parse(responseText);
  const input = inputIn(page);
  const first = page.querySelector(".error-summary li, [data-error]");
  const problem = input ? JSON.parse(input.dataset.refused)[0] : "";
  return { problem, first: first ? first.textContent.trim() : "" };
}

function replace(form, html) {
  const place = form.parentElement;
  place.innerHTML = html;
  htmx.process(place);
  restoreFiles(place);
  const first = place.querySelector("[data-focus], [data-chosen-problem]:not([hidden])");
  if (first) first.focus();
}

// Some are saved: the form for more receipts of that invoice takes over, with those that are not.
async function goOn(form, url, left, refused, count, reason) {
  const place = form.parentElement;
  const answer = await fetch(url, { headers: { "HX-Request": "true" } }).catch(() => null);
  const entries = [...refused, ...left.map((file) => ({ file, problem: "" }))];
  if (answer && answer.ok && count) replace(form, await answer.text());
  const next = place.querySelector("form");
  next.removeAttribute("aria-busy");
  next.querySelector("[data-upload]").hidden = true;
  keepFiles(inputIn(next), entries);
  const texts = textsOf(inputIn(next));
  const saved = count ? fillIn(texts.saved, { count, total: count + entries.length }) : "";
  complain(next, `${saved} ${reason || texts.others}`.trim());
  next.querySelector("[data-chosen-problem]").focus();
}
