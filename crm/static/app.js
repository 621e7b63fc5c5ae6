// What the pages do beyond htmx: windows, focus, toasts, kept text, menus, the theme. Every page works without this file.
// The contract of windows is in templates/shared/forms.html, the classes in app.css.
"use strict";
(() => {
  const UNREACHABLE = "Could not reach the server. Check the connection, then try again.";
  const BROKEN = "Something broke on our side. Try again; nothing you typed is lost.";
  const FOCUSABLE = "a[href], button:not([disabled]), input:not([type=hidden]):not([disabled]), select:not([disabled]), textarea:not([disabled]), summary, [tabindex='0']";
  const dialog = document.getElementById("dialog");
  const dialogBody = document.getElementById("dialog-body");
  const dialogAlert = document.getElementById("dialog-alert");
  const toasts = document.getElementById("toasts");
  const session = document.body.dataset.session || "";
  const visible = (element) => element.getClientRects().length > 0;
  // A field that is called "method" hides the form's own method.
  const own = (form, name) => Reflect.get(HTMLFormElement.prototype, name, form);

  // ---- Windows: a link with data-window opens its page's form in the dialog -----------------------------------------
  let opener = null;
  let windowUrl = null;

  // htmx focuses a field once more when it settles: at once, or somebody who types by then writes into that field.
  const FILL = "innerHTML settle:0ms";

  function openWindow(url, from) {
    opener = from;
    windowUrl = url;
    if (from) {
      from.focus({ preventScroll: true });
      from.setAttribute("aria-busy", "true");
    }
    return htmx.ajax("GET", url, { source: document.body, target: dialogBody, swap: FILL, push: "false", replace: "false" })
      .catch(() => {})
      .finally(() => from && from.removeAttribute("aria-busy"));
  }

  function showWindow() {
    if (!dialogBody.firstElementChild) {
      if (dialog.open) dialog.close();
      return;
    }
    dialogAlert.textContent = "";
    if (!dialog.open) dialog.showModal();
    restoreDrafts(dialogBody);
    focusIn(dialogBody);
  }

  function focusIn(region) {
    const target = region.querySelector("[data-focus]") || region.querySelector("[aria-invalid='true']") || region.querySelector("[autofocus]")
      || [...region.querySelectorAll(".window-fields input:not([type=hidden]), .window-fields select, .window-fields textarea")].find(visible)
      || region.querySelector("#window-title") || region.querySelector(FOCUSABLE);
    if (target) target.focus();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-window]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const menu = link.closest("details.menu");
    if (menu) menu.open = false;
    openWindow(link.href, menu ? menu.querySelector("summary") : link);
  });

  dialog.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) {
      event.preventDefault();
      dialog.close();
    }
  });

  dialog.addEventListener("close", () => {
    dialogBody.querySelectorAll("form[data-draft]").forEach(dropDraft);
    dialogBody.replaceChildren();
    dialogAlert.textContent = "";
    windowUrl = null;
    if (opener && opener.isConnected) opener.focus();
    else keepFocus();
  });

  // A form in the dialog is an ordinary form; here it is sent by htmx and its answer shown in the dialog.
  dialog.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || own(form, "method") === "dialog" || form.hasAttribute("hx-post") || form.hasAttribute("hx-get")) return;
    event.preventDefault();
    const button = event.submitter;
    const values = button && button.name ? { [button.name]: button.value } : {};
    const action = (button && button.getAttribute("formaction")) || form.getAttribute("action") || windowUrl;
    dialogAlert.textContent = "";
    htmx.ajax(own(form, "method"), action, { source: form, event, target: dialogBody, swap: FILL, values }).catch(() => {});
  });

  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Tab") return;
    const stops = [...dialog.querySelectorAll(FOCUSABLE)].filter(visible);
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    if (document.activeElement === edge || document.activeElement === document.body) {
      event.preventDefault();
      (event.shiftKey ? stops.at(-1) : stops[0]).focus();
    }
  });

  // The second press of a double click or double Enter meets what the closing window uncovers: it is not meant for that.
  let closedAt = -Infinity;
  document.addEventListener("closeWindow", () => {
    if (!dialog.open) return;
    closedAt = performance.now();
    dialog.close();
  });
  document.addEventListener("click", (event) => {
    const repeated = event.detail > 1 || (event.detail === 0 && opener && opener.contains(event.target));
    if (!repeated || performance.now() - closedAt > 400) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  // An error leads to its field without a trace in the history.
  function unfold(field) {
    const folded = field.closest("details:not([open])");
    if (folded) folded.open = true;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest(".error-summary a[href^='#']");
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    unfold(field);
    field.focus();
  });

  // ---- Focus: never lost to <body> by a swap ------------------------------------------------------------------------
  let last = null;

  document.addEventListener("focusin", ({ target }) => {
    if (dialog.contains(target)) return;
    const homes = [];
    for (let home = target.parentElement; home; home = home.parentElement) if (home.id && home !== toasts) homes.push(home.id);
    last = { element: target, id: target.id, href: target.getAttribute("href"), homes };
  });

  // Whoever pressed on empty ground has let go: nothing to bring back.
  document.addEventListener("pointerdown", ({ target }) => {
    if (!target.closest(`${FOCUSABLE}, label, [tabindex], dialog`)) last = null;
  });

  function keepFocus() {
    if (!last || dialog.open || (document.activeElement && document.activeElement !== document.body)) return;
    const homes = last.homes.map((id) => document.getElementById(id)).filter((element) => element && visible(element));
    const twin = (region) => last.href && [...region.querySelectorAll("a[href]")].find((link) => link.getAttribute("href") === last.href && visible(link));
    const candidates = [last.element.isConnected && last.element, last.id && document.getElementById(last.id), ...homes.map(twin)];
    const home = candidates.find((element) => element && visible(element)) || homes[0] || document.getElementById("main");
    if (!home.matches(FOCUSABLE)) home.setAttribute("tabindex", "-1");
    home.focus({ preventScroll: true });
  }

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === dialogBody) showWindow();
    keepFocus();
  });
  for (const name of ["htmx:oobAfterSwap", "htmx:afterSettle", "htmx:afterRequest"]) document.addEventListener(name, keepFocus);

  // ---- Toasts and errors --------------------------------------------------------------------------------------------
  function toast(text, kind) {
    if (dialog.open) {
      dialogAlert.textContent = text;
      return;
    }
    const icon = kind === "bad" ? "x-circle-fill" : "check-circle-fill";
    const sprite = document.querySelector("svg.icon use").getAttribute("href").split("#")[0];
    const note = document.createElement("div");
    note.className = `toast-note toast-${kind}`;
    note.innerHTML = `<svg class="icon" aria-hidden="true"><use href="${sprite}#${icon}"/></svg><p></p>`
      + `<button class="btn btn-quiet btn-icon" type="button" data-dismiss aria-label="Dismiss"><svg class="icon" aria-hidden="true"><use href="${sprite}#x-lg"/></svg></button>`;
    note.querySelector("p").textContent = text;
    toasts.append(note);
  }

  function dismiss(note) {
    const hadFocus = note.contains(document.activeElement);
    note.remove();
    if (hadFocus) keepFocus();
  }

  // Good news leaves by itself, later when it offers Undo or a page; what went wrong stays until it is dismissed.
  function startTimer(note) {
    if (note.timed || note.matches(".toast-bad")) return;
    note.timed = true;
    const seconds = note.querySelector("form, a") ? 20 : 6;
    let timer = setTimeout(dismiss, seconds * 1000, note);
    for (const name of ["pointerenter", "focusin"]) note.addEventListener(name, () => clearTimeout(timer));
    for (const name of ["pointerleave", "focusout"]) note.addEventListener(name, () => { timer = setTimeout(dismiss, 4000, note); });
  }

  new MutationObserver(() => {
    const notes = [...toasts.children];
    notes.forEach(startTimer);
    notes.slice(0, -3).forEach(dismiss);
  }).observe(toasts, { childList: true });
  [...toasts.children].forEach(startTimer);

  toasts.addEventListener("click", (event) => {
    const button = event.target.closest("[data-dismiss]");
    if (button) dismiss(button.closest(".toast-note"));
  });
  document.addEventListener("htmx:afterRequest", ({ detail: { successful, requestConfig } }) => {
    const note = successful && requestConfig && requestConfig.elt.closest(".toast-note");
    if (note) dismiss(note);
  });

  // No errors, though htmx calls them so: a part of an answer that is for another page, a request that a newer one takes
  // the place of (and `afterRequest`, which always has the cause beside it). The console keeps what is really wrong.
  const expected = ["htmx:oobErrorNoTarget", "htmx:sendAbort", "htmx:afterRequest"];
  htmx.logger = (element, name, detail) => {
    if (expected.includes(name)) delete detail.error;
  };

  // What asks by itself every few seconds would say every few seconds that it got no answer.
  const asksByItself = (element) => (element.getAttribute("hx-trigger") || "").startsWith("every ");
  document.addEventListener("htmx:responseError", ({ detail: { xhr, elt } }) => {
    if (xhr.status === 401 || asksByItself(elt)) return;
    const page = new DOMParser().parseFromString(xhr.responseText || "", "text/html");
    const sentence = page.querySelector("[data-error]");
    toast(sentence ? sentence.textContent.trim() : BROKEN, "bad");
  });
  document.addEventListener("htmx:sendError", ({ detail: { elt } }) => asksByItself(elt) || toast(UNREACHABLE, "bad"));
  document.addEventListener("htmx:timeout", ({ detail: { elt } }) => asksByItself(elt) || toast(UNREACHABLE, "bad"));

  // ---- One submit at a time, and the progress of an upload ----------------------------------------------------------
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (own(form, "method") !== "post") return;
    if (form.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    form.setAttribute("aria-busy", "true");
    // A button with a name asks for the form filled anew: what was typed comes back with the answer.
    if (!event.submitter || !event.submitter.name) keepDraft(form);
  }, true);

  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.requestConfig && event.detail.requestConfig.elt.closest("form");
    if (form) form.removeAttribute("aria-busy");
    if (event.detail.successful && form && form.hasAttribute("data-draft")) dropDraft(form);
    const bar = form && form.querySelector("[data-upload]");
    if (bar) bar.hidden = true;
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[aria-busy]").forEach((form) => form.removeAttribute("aria-busy")));

  document.addEventListener("htmx:xhr:progress", (event) => {
    const bar = event.target.closest && event.target.closest("form") && event.target.closest("form").querySelector("[data-upload]");
    if (!bar || !event.detail.lengthComputable || !bar.closest("form").querySelector("input[type=file]").value) return;
    const percent = Math.round(100 * event.detail.loaded / event.detail.total);
    bar.hidden = false;
    bar.querySelector("progress").value = percent;
    bar.querySelector("span").textContent = percent < 100 ? `Uploading, ${percent} %` : "Uploaded. Saving…";
  });

  // ---- Text that outlives an expired session ------------------------------------------------------------------------
  // Kept when a form is sent, put back when the same user meets the same form again, dropped once it was saved.
  // A user who works in several organizations meets the text again in the one that it was typed in.
  const draftKey = (form) => `draft:${session}:${new URL(form.getAttribute("action") || location.href, location.href).pathname}`;
  const drafts = () => Object.keys(sessionStorage).filter((name) => name.startsWith("draft:"));
  const userOf = (name) => name.split("-")[0];
  const keepable = (field) => field.name && !["hidden", "password", "file", "submit", "button"].includes(field.type);

  function keepDraft(form) {
    if (!session || !form.hasAttribute("data-draft")) return;
    const values = [...own(form, "elements")].filter(keepable).map((field) => [field.name, field.type === "checkbox" || field.type === "radio" ? [field.value, field.checked] : field.value]);
    sessionStorage.setItem(draftKey(form), JSON.stringify({ session, values, window: windowUrl, page: location.href }));
  }

  function dropDraft(form) {
    sessionStorage.removeItem(draftKey(form));
  }

  function restoreDrafts(region) {
    for (const form of region.querySelectorAll("form[data-draft]")) {
      const draft = JSON.parse(sessionStorage.getItem(draftKey(form)) || "null");
      dropDraft(form);
      if (!draft || draft.session !== session || form.querySelector(".error-summary")) continue;
      for (const [name, value] of draft.values) {
        for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
          if (Array.isArray(value) ? field.value === value[0] && field.checked !== value[1] : field.value !== value) unfold(field);
          if (!Array.isArray(value)) field.value = value;
          else if (field.value === value[0]) field.checked = value[1];
        }
      }
    }
  }

  // After signing in again, go back to the form that was lost: the page it was on, the window it was in.
  function resumeDrafts() {
    for (const key of drafts()) {
      const draft = JSON.parse(sessionStorage.getItem(key));
      if (draft.session !== session && draft.lost && userOf(draft.session) === userOf(session)) continue;
      if (draft.session === session && draft.window && draft.page === location.href) openWindow(draft.window, null);
      else if (draft.session === session && draft.lost && draft.page !== location.href) location.assign(draft.page);
      else sessionStorage.removeItem(key);
    }
  }

  // ---- A token that is good, after signing in again in another tab ------------------------------------------------------
  document.addEventListener("freshToken", ({ detail }) => {
    document.querySelectorAll("input[name=csrf_token]").forEach((field) => { field.value = detail.value; });
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": detail.value }));
  });

  // ---- Menus --------------------------------------------------------------------------------------------------------
  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!menu.matches || !menu.matches("details.menu") || !menu.open) return;
    document.querySelectorAll("details.menu[open]").forEach((other) => { if (other !== menu) other.open = false; });
    const list = menu.querySelector(".menu-list");
    menu.classList.remove("up");
    menu.classList.toggle("up", list.getBoundingClientRect().bottom > innerHeight && menu.getBoundingClientRect().top > list.offsetHeight);
  }, true);

  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest && event.target.closest("details.menu[open]");
    if (!menu || !["Escape", "ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary").focus();
      return;
    }
    const items = [...menu.querySelectorAll(".menu-item")].filter(visible);
    const step = event.key === "ArrowDown" ? 1 : -1;
    const here = items.indexOf(document.activeElement);
    items[(here < 0 && step < 0 ? items.length - 1 : here + step + items.length) % items.length].focus();
  });
  document.addEventListener("focusout", (event) => {
    const menu = event.target.closest("details.menu[open]");
    if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const menu = event.detail.elt.closest("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  // ---- Theme: "" follows the system. A cookie, so that the server paints the first frame right ----------------------
  function showTheme(theme) {
    if (theme) document.documentElement.dataset.bsTheme = theme;
    else delete document.documentElement.dataset.bsTheme;
    document.querySelectorAll("[data-theme]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.theme === theme)));
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme]");
    if (!button) return;
    const age = button.dataset.theme ? 31536000 : 0;
    document.cookie = `theme=${button.dataset.theme}; Path=/; Max-Age=${age}; SameSite=Lax${location.protocol === "https:" ? "; Secure" : ""}`;
    showTheme(button.dataset.theme);
  });
  showTheme(document.documentElement.dataset.bsTheme || "");

  // ---- Selected rows: kept over the pages of one list, as single ids or as all that match but some --------------------
  const selectedLive = document.querySelector("[data-selected-live]");
  const nobody = (form) => ({ list: `${session} ${form.dataset.selects}`, all: false, asOf: own(form, "elements").as_of.value, ids: [], except: [] });
  let selection = null;

  function readSelection(form) {
    const empty = nobody(form);
    const kept = JSON.parse(sessionStorage.getItem("selection") || "null");
    selection = kept && kept.list === empty.list ? kept : { ...empty, all: !own(form, "elements").all.disabled };
  }

  function keepSelection() {
    sessionStorage.setItem("selection", JSON.stringify(selection));
  }

  function select(box) {
    const list = selection.all ? "except" : "ids";
    const others = selection[list].filter((id) => id !== box.value);
    selection[list] = box.checked === selection.all ? others : [...others, box.value];
  }

  function selectedText(form) {
    const { all, ids, except } = selection;
    if (!all) return `${ids.length} selected`;
    if (!except.length) return `All ${form.dataset.total} selected`;
    const left = Number(form.dataset.count) - except.length;
    return form.dataset.count ? `${left.toLocaleString("en")} selected, all but ${except.length}` : `All ${form.dataset.total} but ${except.length} selected`;
  }

  function showSelection() {
    const form = document.getElementById("bulk");
    if (!form) return;
    readSelection(form);
    const boxes = [...document.querySelectorAll("input[name=ids]")];
    for (const box of boxes) box.checked = selection.all ? !selection.except.includes(box.value) : selection.ids.includes(box.value);
    const ticked = boxes.filter((box) => box.checked).length;
    const whole = ticked > 0 && ticked === boxes.length;
    document.querySelectorAll("[data-select-page]").forEach((box) => {
      box.checked = whole;
      box.indeterminate = ticked > 0 && !whole;
    });
    const some = selection.all || selection.ids.length > 0;
    const text = selectedText(form);
    form.classList.toggle("is-selecting", some);
    own(form, "elements").all.disabled = !selection.all;
    form.querySelector("[data-selected]").textContent = text;
    form.querySelector("[data-select-shown]").hidden = whole;
    const everyone = form.querySelector("[data-select-all]");
    if (everyone) everyone.hidden = selection.all || !whole;
    const said = some ? text + (everyone && !everyone.hidden ? `. ${everyone.textContent}: press the button before the list.` : "") : "";
    if (selectedLive && selectedLive.textContent !== said) selectedLive.textContent = said;
  }

  function changeSelection(change) {
    const form = document.getElementById("bulk");
    if (form) readSelection(form);
    change(form);
    keepSelection();
    showSelection();
    keepFocus();
  }

  function tickPage(ticked) {
    changeSelection(() => document.querySelectorAll("input[name=ids]").forEach((box) => {
      box.checked = ticked;
      select(box);
    }));
  }

  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-select-page]")) tickPage(target.checked);
    else if (target.matches("input[name=ids]")) changeSelection(() => select(target));
  });
  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-select-shown]")) tickPage(true);
    if (target.closest("[data-select-all]")) changeSelection((form) => { selection = { ...nobody(form), all: true }; });
    if (target.closest("[data-select-none]")) changeSelection((form) => { selection = nobody(form); });
  });
  document.addEventListener("htmx:afterSettle", showSelection);
  document.addEventListener("htmx:configRequest", ({ detail: { elt, formData } }) => {
    if (!elt.closest("#bulk")) return;
    for (const name of ["ids", "shown"]) formData.delete(name);
    const [name, ids] = selection.all ? ["except", selection.except] : ["ids", selection.ids];
    for (const id of ids) formData.append(name, id);
    if (selection.all) formData.set("as_of", selection.asOf);
  });
  document.addEventListener("htmx:beforeOnLoad", ({ detail: { elt, xhr } }) => {
    if (elt.id === "bulk" && xhr.status === 200) changeSelection((form) => { selection = nobody(form); });
  });

  // ---- Filters: one that is taken away leaves its field, too ----------------------------------------------------------
  document.addEventListener("click", (event) => {
    const chip = event.target.closest("a[data-clear]");
    const form = chip && document.getElementById("filters");
    const field = form && own(form, "elements")[chip.dataset.clear];
    if (!field) return;
    event.preventDefault();
    field.value = "";
    form.requestSubmit();
  });
  document.addEventListener("click", ({ target }) => {
    document.querySelectorAll(".more-filters[open]").forEach((more) => { if (!more.contains(target)) more.open = false; });
  });
  document.addEventListener("keydown", ({ key, target }) => {
    const more = key === "Escape" && target.closest && target.closest(".more-filters[open]");
    if (!more) return;
    more.open = false;
    more.querySelector("summary").focus();
  });

  // A search keeps its URL short: what is empty is not asked.
  document.addEventListener("htmx:configRequest", ({ detail: { elt, formData } }) => {
    if (elt.closest("form[role=search]")) for (const [name, value] of [...formData]) if (value === "") formData.delete(name);
  });

  // ---- Start --------------------------------------------------------------------------------------------------------
  if (session) {
    restoreDrafts(document.getElementById("main"));
    resumeDrafts();
  } else if (location.pathname === "/login") {
    for (const key of drafts()) sessionStorage.setItem(key, JSON.stringify({ ...JSON.parse(sessionStorage.getItem(key)), lost: true }));
  }
  // The printed link of the set-up has its code behind the #, which browsers send to nobody.
  const setupCode = location.pathname === "/setup" && document.getElementById("code");
  if (setupCode && location.hash.startsWith("#code=")) {
    setupCode.value = decodeURIComponent(location.hash.slice("#code=".length));
    history.replaceState(history.state, "", location.pathname);
  }
  const summary = document.querySelector("main [data-focus]");
  if (summary) summary.focus();
  showSelection();
})();
