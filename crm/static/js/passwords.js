// The button below a password shows what was typed, and hides it again; it is hidden when it is sent.

function turn(button, type) {
  const field = document.getElementById(button.dataset.shows);
  if (field.type === type) return;
  field.type = type;
  [button.textContent, button.dataset.otherwise] = [button.dataset.otherwise, button.textContent];
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-shows]");
  if (button) turn(button, document.getElementById(button.dataset.shows).type === "text" ? "password" : "text");
});

document.addEventListener("submit", (event) => {
  for (const button of event.target.querySelectorAll("[data-shows]")) turn(button, "password");
}, true);
