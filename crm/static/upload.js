// Receipts: chosen files are checked before they are sent, kept when their form comes back, and many are sent one by one.
// Without this file a form takes as many as one request may have.
"use strict";
(() => {
  const AT_ONCE = 25 * 1024 * 1024;
  const UNREACHABLE = "The server could not be reached. Check the connection, then save the others.";
  const NOTE = "uploaded-note";
  const dialog = document.getElementById("dialog");
  const sprite = () => document.querySelector("svg.icon use").getAttribute("href").split("#")[0];
  const pathOf = (form) => new URL(form.getAttribute("action") || location.href, location.href).pathname;
  const inputIn = (region) => region.querySelector("input[type=file][data-files]");

  // What was chosen for the form of a path, each with its problem: a file is kept while its window is open.
  let kept = { path: "", entries: [] };
  let saved = false;
  const pictures = new WeakSet();

  // ---- Checking -----------------------------------------------------------------------------------------------------
  async function problemOf(file, { bytes, head, sentences }) {
    if (!file.size) return sentences.empty;
    if (file.size > bytes) return sentences.big;
    const start = String.fromCharCode(...new Uint8Array(await file.slice(0, head).arrayBuffer()));
    if (/^(\xff\xd8\xff|\x89PNG\r\n\x1a\n)/.test(start)) pictures.add(file);
    if (pictures.has(file) || start.includes("%PDF-")) return "";
    return /^.{4}ftyp(heic|heix|mif1)/s.test(start) ? sentences.heic : sentences.type;
  }

  async function choose(input) {
    const limits = JSON.parse(input.dataset.files);
    const entries = [];
    for (const file of input.files) entries.push({ file, problem: await problemOf(file, limits).catch(() => limits.sentences.type) });
    kept = { path: pathOf(input.form), entries };
    show(input);
  }

  // ---- What is chosen -----------------------------------------------------------------------------------------------
  function show(input) {
    const form = input.form;
    const good = new DataTransfer();
    kept.entries.filter(({ problem }) => !problem).forEach(({ file }) => good.items.add(file));
    input.files = good.files;
    const list = form.querySelector("[data-chosen]");
    list.querySelectorAll("img").forEach((image) => URL.revokeObjectURL(image.src));
    list.replaceChildren(...kept.entries.map((entry) => row(entry, input)));
    list.hidden = !(kept.entries.length > 1 || kept.entries.some(({ problem }) => problem));
    const { queue } = JSON.parse(input.dataset.files);
    const over = good.files.length - queue;
    complain(form, over > 0 ? `Choose ${queue} files at most: remove ${over}, and add them afterwards.` : "");
  }

  function row(entry, input) {
    const { file, problem } = entry;
    const item = document.createElement("li");
    item.innerHTML = `<svg class="icon" aria-hidden="true"><use href="${sprite()}#paperclip"/></svg><span></span>`
      + `<button class="btn btn-quiet btn-icon" type="button"><svg class="icon" aria-hidden="true"><use href="${sprite()}#x-lg"/></svg></button>`;
    item.children[1].textContent = `${file.name}, ${size(file)}`;
    item.lastElementChild.setAttribute("aria-label", `Remove ${file.name}`);
    item.lastElementChild.addEventListener("click", () => {
      kept.entries = kept.entries.filter((other) => other !== entry);
      show(input);
      (input.form.querySelector("[data-chosen]:not([hidden]) button") || input).focus();
    });
    if (!problem && pictures.has(file)) {
      const image = Object.assign(new Image(), { src: URL.createObjectURL(file), alt: "" });
      item.firstElementChild.replaceWith(image);
    }
    if (problem) {
      const sentence = Object.assign(document.createElement("p"), { className: "field-error", textContent: problem });
      item.append(sentence);
    }
    return item;
  }

  function size({ size: bytes }) {
    return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
  }

  function complain(form, sentence) {
    const place = form.querySelector("[data-chosen-problem]");
    place.textContent = sentence;
    place.hidden = !sentence;
  }

  // A form that came back has its files again, with what the server found about some of them.
  function restore(region) {
    const input = inputIn(region);
    if (!input || !kept.entries.length || kept.path !== pathOf(input.form)) return;
    const refused = JSON.parse(input.dataset.refused);
    kept.entries.filter(({ problem }) => !problem).forEach((entry, place) => { entry.problem = refused[place] || ""; });
    input.dataset.refused = "{}";
    show(input);
  }

  document.addEventListener("change", ({ target }) => {
    if (target.matches("input[type=file][data-files]")) choose(target);
  });
  document.addEventListener("htmx:afterSettle", ({ target }) => restore(target));
  dialog.addEventListener("close", () => {
    kept = { path: "", entries: [] };
    if (saved) location.reload();
  });

  const toasts = document.getElementById("toasts");
  toasts.insertAdjacentHTML("beforeend", sessionStorage.getItem(NOTE) || "");
  sessionStorage.removeItem(NOTE);
  htmx.process(toasts);

  // ---- Sending ------------------------------------------------------------------------------------------------------
  const keys = new WeakMap();
  function keyOf(file) {
    if (!keys.has(file)) keys.set(file, [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
    return keys.get(file);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const input = inputIn(form);
    if (!input || event.defaultPrevented) return;
    const { queue, files: most } = JSON.parse(input.dataset.files);
    const files = [...input.files];
    const bytes = files.reduce((sum, file) => sum + file.size, 0);
    const stopped = kept.path === pathOf(form) && kept.entries.some(({ problem }) => problem);
    if (!stopped && files.length <= (dialog.contains(form) ? most : 0) && bytes <= AT_ONCE) return;
    event.preventDefault();
    form.removeAttribute("aria-busy");
    if (stopped) complain(form, "Some of these files can't be taken. Remove them, or choose others.");
    if (stopped || files.length > queue) form.querySelector("[data-chosen-problem]").focus();
    else sendAll(form, files);
  }, true);

  async function sendAll(form, files) {
    const input = inputIn(form);
    const { done } = input.dataset;
    const refused = [];
    let note = "";
    let url = form.getAttribute("action");
    form.setAttribute("aria-busy", "true");
    saved = false;
    for (const [place, file] of files.entries()) {
      const isFirst = place === 0;
      const answer = await send(url, bodyOf(form, file, isFirst), (part) => progress(form, place, files.length, part));
      if (answer.status === 401) return location.assign(answer.getResponseHeader("HX-Redirect") || "/login");
      if (answer.status === 422 && (isFirst || !sentences(answer).refused)) {
        if (!isFirst) return goOn(form, url, files.slice(place), refused, place - refused.length, sentences(answer).first);
        form.removeAttribute("aria-busy");
        return replace(form, answer.responseText);
      }
      if (answer.status === 422) refused.push({ file, problem: sentences(answer).refused });
      else if (answer.status !== 200) return goOn(form, url, files.slice(place), refused, place - refused.length, sentences(answer).first || UNREACHABLE);
      else {
        saved = true;
        note ||= noteOf(answer);
        url = answer.getResponseHeader("Receipts-To") || url;
        sessionStorage.removeItem(`draft:${pathOf(form)}`);
      }
    }
    if (refused.length) return goOn(form, url, [], refused, files.length - refused.length, "");
    saved = false;
    if (dialog.open) dialog.close();
    sessionStorage.setItem(NOTE, note);
    const goal = new URL(done, location.href);
    const isHere = goal.pathname === location.pathname;
    location.assign(goal);
    if (isHere) location.reload();
  }

  function bodyOf(form, file, isFirst) {
    const body = new FormData(form);
    if (!isFirst) for (const name of [...body.keys()]) if (name !== "csrf_token") body.delete(name);
    if (!isFirst || body.has("idempotency_key") && !body.get("idempotency_key")) body.set("idempotency_key", keyOf(file));
    body.set("receipt", file, file.name);
    return body;
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
    const bar = form.querySelector("[data-upload]");
    bar.hidden = false;
    bar.querySelector("progress").value = Math.round(100 * (place + part) / count);
    bar.querySelector("span").textContent = `Uploading ${place + 1} of ${count}`;
  }

  // The toast of an answer, which the next page shows.
  const noteOf = ({ responseText }) => new DOMParser().parseFromString(responseText, "text/html").getElementById("toasts")?.innerHTML || "";

  // What an answer says: about its file, or whatever it says first.
  function sentences({ responseText }) {
    const page = new DOMParser().parseFromString(responseText || "", "text/html");
    const input = inputIn(page);
    const first = page.querySelector(".error-summary li, [data-error]");
    return { refused: input ? JSON.parse(input.dataset.refused)[0] : "", first: first ? first.textContent.trim() : "" };
  }

  function replace(form, html) {
    const place = form.parentElement;
    place.innerHTML = html;
    htmx.process(place);
    restore(place);
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
    kept = { path: pathOf(next), entries };
    show(inputIn(next));
    const told = count ? `${count} of ${count + entries.length} receipts are saved. ` : "";
    complain(next, `${told}${reason || "The others can't be taken: remove them, or choose others."}`);
    next.querySelector("[data-chosen-problem]").focus();
  }
})();
