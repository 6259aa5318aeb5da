// The button of a command in a panel.

import { enable } from "../actions.js";
import { h, setText } from "../dom.js";

// `targetOf()` is what the command is for. Pressing the button of one that is not possible tells why. `update()` shows how it is now.
export function commandButton(commands, command, targetOf) {
  const button = h("button", { type: "button", className: command.isDangerous ? "danger" : "", onclick: () => commands.run(command.id, targetOf()) });
  const update = () => {
    const target = targetOf();
    setText(button, commands.title(command, target));
    button.title = commands.describe(command, target);
    enable(button, commands.refusal(command, target) === "");
  };
  update();
  return { button, update };
}
