/* Behaviour of every page. Each module looks for its own marks and does nothing where there are none. */
import { startMenus } from "./menus.js";
import { startDialogs } from "./dialogs.js";
import { startToasts } from "./toasts.js";
import { startPreferences } from "./preferences.js";
import { startKeys } from "./keys.js";
import { startCommand } from "./command.js";
import { startFocus } from "./focus.js";
import { startForms } from "./forms.js";
import { startUnsaved } from "./unsaved.js";
import { startLists } from "./lists.js";
import { startInline } from "./inline.js";
import { startCells } from "./cells.js";
import { startSteps } from "./steps.js";

startPreferences();
startMenus();
startDialogs();
startToasts();
startKeys();
startCommand();
startFocus();
startUnsaved();
startForms();
startCells();
startLists();
startInline();
startSteps();
