// Keeps the card for when there is no network. Without this script the card works as well, online.
const STORE = "card";
const styles = [...document.querySelectorAll("link[rel=stylesheet]")].map((link) => link.href);

async function keep() {
  await navigator.serviceWorker.register("/c/worker.js", { scope: "/c/" });
  const cache = await caches.open(STORE);
  await cache.addAll(styles);
  const copy = document.documentElement.cloneNode(true);
  for (const part of copy.querySelectorAll("[role=status], [data-push], script")) part.remove();
  const page = `<!doctype html>${copy.outerHTML}`;
  await cache.put("/c/card", new Response(page, { headers: { "Content-Type": "text/html; charset=utf-8" } }));
}

if ("serviceWorker" in navigator) keep().catch(() => {});
