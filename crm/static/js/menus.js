// Menus: one is open at a time, on the side that has room; arrow keys move in it, Escape closes it.
import { isVisible } from "./page.js";

const OPEN = "details.menu[open]";

document.addEventListener("toggle", ({ target: menu }) => {
  if (!menu.matches || !menu.matches("details.menu") || !menu.open) return;
  document.querySelectorAll(OPEN).forEach((other) => { if (other !== menu) other.open = false; });
  const list = menu.querySelector(".menu-list");
  menu.classList.remove("up");
  const isTooLow = list.getBoundingClientRect().bottom > innerHeight;
  menu.classList.toggle("up", isTooLow && menu.getBoundingClientRect().top > list.offsetHeight);
}, true);

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest && event.target.closest(OPEN);
  if (!menu || !["Escape", "ArrowDown", "ArrowUp"].includes(event.key)) return;
  event.preventDefault();
  if (event.key === "Escape") {
    close(menu);
    return;
  }
  const items = [...menu.querySelectorAll(".menu-item")].filter(isVisible);
  const step = event.key === "ArrowDown" ? 1 : -1;
  const here = items.indexOf(document.activeElement);
  items[(here < 0 && step < 0 ? items.length - 1 : here + step + items.length) % items.length].focus();
});

document.addEventListener("focusout", ({ target, relatedTarget }) => {
  const menu = target.closest(OPEN);
  if (menu && relatedTarget && !menu.contains(relatedTarget)) menu.open = false;
});

document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
  const menu = elt.closest(OPEN);
  if (menu) close(menu);
});

function close(menu) {
  menu.open = false;
  menu.querySelector("summary").focus();
}
