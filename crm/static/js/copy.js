// A button that copies an address: `data-copy` is the text, `data-copied` what the button says then.

const SAID_MS = 4000;

async function copyText(button) {
  const text = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    selectText(button.previousElementSibling);
    return;
  }
  const label = button.firstElementChild;
  const before = label.textContent;
  label.textContent = button.dataset.copied;
  setTimeout(() => { label.textContent = before; }, SAID_MS);
}

// Where a page may not write to the clipboard (without TLS), the text is selected, ready for the keys.
function selectText(element) {
  if (element.select) {
    element.select();
    return;
  }
  const range = document.createRange();
  range.selectNodeContents(element);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copyText(button);
});
