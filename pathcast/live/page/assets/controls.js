// Controls: the list, the buttons and the keys.

import { SPEEDS } from "./player.js";

export const byId = (id) => document.getElementById(id);

// Puts into the controls how the player stands.
export function showState(player) {
  const scrub = byId("scrub");
  scrub.max = Math.max(player.last, 0);
  scrub.value = Math.max(player.at, 0);
  const seconds = player.answer ? player.answer.time - player.recording.scene.begin : 0;
  byId("clock").textContent = `${seconds.toFixed(2)} s`;
  scrub.setAttribute("aria-valuetext", `${seconds.toFixed(2)} seconds`);
  const button = byId("play");
  button.textContent = player.isPlaying ? "❚❚" : "▶";
  button.setAttribute("aria-label", player.isPlaying ? "Pause" : "Play");
  button.dataset.playing = player.isPlaying;
  byId("speed").value = player.speed;
}

export function initialiseControls(player, { start, selectNext, tell }) {
  const entry = byId("entry");
  const speed = byId("speed");
  for (const each of SPEEDS) speed.add(new Option(`${each}×`, each));
  speed.value = player.speed;
  speed.addEventListener("change", () => player.setSpeed(Number(speed.value)));
  byId("play").addEventListener("click", () => player.toggle());
  byId("back").addEventListener("click", () => player.step(-1));
  byId("forth").addEventListener("click", () => player.step(1));
  byId("next").addEventListener("click", () => player.next());
  byId("scrub").addEventListener("input", ({ target }) => player.seek(Number(target.value)));
  byId("choose").addEventListener("submit", (event) => {
    event.preventDefault();
    if (entry.value) start(entry.value);
  });
  byId("upload").addEventListener("change", async ({ target }) => {
    const [file] = target.files;
    if (!file) return;
    target.value = "";
    const added = await upload(file, tell);
    if (!added) return;
    addEntry(entry, added);
    entry.value = added.key;
    start(added.key);
  });
  document.addEventListener("keydown", (event) => act(event, player, selectNext));
  return {
    list({ entries, takesUploads }, chosen) {
      entry.replaceChildren();
      for (const each of entries) addEntry(entry, each);
      if (chosen && entries.some((each) => each.key === chosen)) entry.value = chosen;
      byId("upload").hidden = !takesUploads;
      byId("upload").classList.add("hidden");
      byId("upload-label").hidden = !takesUploads;
    },
    choose(key) {
      entry.value = key;
    },
    chosen: () => entry.value,
  };
}

function addEntry(select, { key, title, group }) {
  let list = [...select.children].find((each) => each.label === group);
  if (!list) {
    list = document.createElement("optgroup");
    list.label = group;
    select.append(list);
  }
  list.append(new Option(title, key));
}

async function upload(file, tell) {
  tell(`Reading ${file.name}…`);
  try {
    const answer = await fetch("files", { method: "POST", body: file, headers: { "x-file-name": encodeURIComponent(file.name) } });
    const said = await answer.json();
    if (answer.ok) {
      tell("");
      return said;
    }
    tell(said.words, "bad");
  } catch {
    tell(`${file.name} could not be sent: it may be too large.`, "bad");
  }
  return null;
}

// Keys work everywhere but where one types or chooses.
function act(event, player, selectNext) {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest("select")) return;
  const isRange = target.matches("input[type=range]");
  if (key === " " && target.closest("button, label, input:not([type=range])")) return; // it presses what has the focus
  const speeds = (step) => player.setSpeed(SPEEDS[Math.min(Math.max(SPEEDS.indexOf(player.speed) + step, 0), SPEEDS.length - 1)]);
  const far = event.shiftKey ? 10 : 1;
  const actions = {
    " ": () => player.toggle(),
    ArrowLeft: () => player.step(-far),
    ArrowRight: () => player.step(far),
    Home: () => player.seek(0),
    End: () => player.seek(player.last),
    "+": () => speeds(1),
    "=": () => speeds(1),
    "-": () => speeds(-1),
    n: () => player.next(),
    ArrowUp: isRange ? undefined : () => selectNext(-1),
    ArrowDown: isRange ? undefined : () => selectNext(1),
  };
  if (!actions[key]) return;
  event.preventDefault();
  actions[key]();
}
