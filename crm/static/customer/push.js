// Notices on this phone: the browser asks for permission once the customer has tapped, and keeps the answer.
const section = document.querySelector("[data-push]");
const allow = section?.querySelector("[data-allow]");

async function subscribe() {
  if ((await Notification.requestPermission()) !== "granted") throw new Error("denied");
  await navigator.serviceWorker.register("/c/worker.js", { scope: "/c/" });
  const { pushManager } = await navigator.serviceWorker.ready;
  // One of before may be for other keys.
  await (await pushManager.getSubscription())?.unsubscribe();
  const options = { userVisibleOnly: true, applicationServerKey: section.dataset.push };
  const { endpoint, keys } = (await pushManager.subscribe(options)).toJSON();
  for (const [name, value] of Object.entries({ endpoint, ...keys })) {
    const field = allow.querySelector(`[name="${name}"]`);
    if (field) field.value = value;
  }
  HTMLFormElement.prototype.submit.call(allow);
}

const isApple = /iP(hone|ad|od)/.test(navigator.userAgent) || (/Mac/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);

// An iPhone can only in a card that is installed.
if (allow && isApple && !("PushManager" in window)) section.querySelector("[data-install]").hidden = false;
if (allow && "serviceWorker" in navigator && "PushManager" in window) {
  allow.hidden = false;
  allow.addEventListener("submit", (event) => {
    event.preventDefault();
    subscribe().catch(() => {
      section.querySelector("[data-denied]").hidden = false;
    });
  });
}
