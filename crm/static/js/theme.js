// The theme, "" follows the system. A cookie holds it, so that the server paints the first frame right.

const YEAR_SECONDS = 31536000;
const root = document.documentElement;

function show(theme) {
  if (theme) root.dataset.bsTheme = theme;
  else delete root.dataset.bsTheme;
  document.querySelectorAll("[data-theme]").forEach((button) => {
    button.setAttribute("aria-pressed", String(button.dataset.theme === theme));
  });
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-theme]");
  if (!button) return;
  const { theme } = button.dataset;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${theme}; Path=/; Max-Age=${theme ? YEAR_SECONDS : 0}; SameSite=Lax${secure}`;
  show(theme);
});

show(root.dataset.bsTheme || "");
