// The service worker of the card: it shows notices and, without a network, the card, until its link has ended.
const STORE = "card";
const CARD = "/c/card";
const ICON = "/static/icons/icon-192.png";
const LINK = /^\/c\/(\d+-[\w-]+)$/;
const HEADERS = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy":
    "default-src 'none'; style-src 'self'; img-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'",
  "Referrer-Policy": "no-referrer",
};

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  if (request.method !== "GET") return;
  const isCard = pathname === CARD || LINK.test(pathname);
  if (request.mode === "navigate" && isCard) event.respondWith(card(request, pathname));
  if (request.destination === "style") event.respondWith(fetch(request).catch(() => caches.match(request)));
});

self.addEventListener("push", (event) => {
  const { title = "", url = CARD, ...shown } = event.data?.json() ?? {};
  event.waitUntil(self.registration.showNotification(title, { icon: ICON, ...shown, data: { url } }));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data.url));
});

async function card(request, pathname) {
  const answer = await fetch(request).catch(() => null);
  const kept = !answer || answer.status >= 400 ? await keptFor(pathname) : null;
  if (answer && [404, 410].includes(answer.status)) {
    if (kept) await forget();
    return answer;
  }
  if (kept && (!answer || answer.status >= 500)) return asOf(kept);
  return answer ?? Response.error();
}

// A link of another card on the same phone is not answered with this one.
async function keptFor(pathname) {
  const found = await (await caches.open(STORE)).match(CARD);
  const text = await found?.text();
  const [, token] = LINK.exec(pathname) ?? [];
  return text && (!token || text.includes(`data-link="${await hashOf(token)}"`)) ? text : null;
}

function asOf(text) {
  return new Response(text.replace(/data-offline(="")? hidden(="")?/, "data-offline"), { headers: HEADERS });
}

async function forget() {
  await caches.delete(STORE);
  await self.registration.unregister();
}

async function hashOf(token) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, 16);
}
