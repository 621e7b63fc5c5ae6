// An error in the summary leads to its field, without a trace in the history.

export function unfold(field) {
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
