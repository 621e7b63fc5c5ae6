// A fresh CSRF token, after signing in again in another tab, goes into every form and request of this page.

document.addEventListener("freshToken", ({ detail }) => {
  document.querySelectorAll("input[name=csrf_token]").forEach((field) => { field.value = detail.value; });
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": detail.value }));
});
