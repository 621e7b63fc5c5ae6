// The printed link of the set-up has its code behind the #, which browsers send to nobody: it goes into the field.

export function takeSetupCode() {
  const field = location.pathname === "/setup" && document.getElementById("code");
  if (!field || !location.hash.startsWith("#code=")) return;
  field.value = decodeURIComponent(location.hash.slice("#code=".length));
  history.replaceState(history.state, "", location.pathname);
}
