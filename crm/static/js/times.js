// The offered times of a message: choosing one fills the fields that the server reads, and typing there unchooses it.
import { own } from "./page.js";

const TIME_FIELDS = ["in_days", "send_at"];

function chooseTime(choice) {
  const form = choice.form;
  if (choice.value === "pick") {
    form.querySelector(".own-time").scrollIntoView({ block: "nearest" });
    return;
  }
  own(form, "elements").namedItem("in_days").value = choice.dataset.inDays;
  own(form, "elements").namedItem("send_at").value = choice.dataset.sendAt;
}

function typeTime(field) {
  field.form.querySelector("input[name=when][value=pick]").checked = true;
  const other = own(field.form, "elements").namedItem(TIME_FIELDS.find((name) => name !== field.name));
  if (field.value) other.value = "";
}

// Before htmx asks for the preview, which reads the fields.
document.addEventListener("change", (event) => {
  if (event.target.matches("input[name=when]")) chooseTime(event.target);
}, true);

document.addEventListener("input", (event) => {
  if (event.target.closest(".own-time")) typeTime(event.target);
}, true);
