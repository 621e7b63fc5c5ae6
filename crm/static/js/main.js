// What pages do beyond htmx. Every page works without these modules; here they are loaded in order and started.
import "./focus.js";
import "./fields.js";
import "./passwords.js";
import "./windows.js";
import "./palette.js";
import "./keys.js";
import "./toasts.js";
import "./failures.js";
import "./submits.js";
import { resumeDrafts } from "./resume.js";
import "./times.js";
import "./copy.js";
import "./token.js";
import "./menus.js";
import "./theme.js";
import { showSelection } from "./selection.js";
import "./search.js";
import "./reminders.js";
import { takeSetupCode } from "./setup.js";
import "./upload.js";

resumeDrafts();
takeSetupCode();
const summary = document.querySelector("main [data-focus]");
if (summary) summary.focus();
showSelection();
