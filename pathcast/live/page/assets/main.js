// Main: joins link, player, drawing and controls.

import { byId, initialiseControls, showState } from "./controls.js";
import { drawView, placeOf } from "./drawing.js";
import { Link } from "./link.js";
import { goalWords, Panel } from "./panel.js";
import { Player, Recording } from "./player.js";
import { initialiseTheme } from "./theme.js";
import { viewsOf } from "./view.js";

const embedded = byId("recording");
const status = byId("status");
const canvases = { side: byId("side"), above: byId("above") };
const panel = new Panel({
  what: byId("what"), question: byId("question"), probability: byId("probability"), truth: byId("truth"), chart: byId("chart"),
  futures: byId("futures"), ofTrack: byId("of-track"), age50: byId("age50"), age99: byId("age99"), age: byId("age"), model: byId("model"),
});
let views = {};
let selected = null;
let isDirty = true;
let key = null;
let link = null;

function tell(words, mood = "") {
  status.textContent = words;
  status.dataset.mood = mood;
}

function choose() {
  const tracks = player.answer?.tracks ?? [];
  if (tracks.some((track) => track.id === selected && (track.seen || track.paths))) return;
  const forecast = tracks.filter((track) => track.paths);
  const sureness = (track) => Math.max(...(track.goals ?? [0]));
  const [open] = forecast.sort((a, b) => sureness(a) - sureness(b)); // whose way is the most open is the most worth watching
  selected = (open ?? tracks[0])?.id ?? selected;
}

function selectNext(step) {
  const ids = (player.answer?.tracks ?? []).filter((track) => track.paths).map((track) => track.id);
  if (!ids.length) return;
  selected = ids[(ids.indexOf(selected) + step + ids.length) % ids.length];
  isDirty = true;
}

function selectAt(name, event) {
  const view = views[name];
  if (!view || player.recording?.scene.axes !== 2 || !player.answer) return;
  const box = canvases[name].getBoundingClientRect();
  const distance = (track) => {
    const place = placeOf(player.recording, player.at, track);
    return place ? Math.hypot(view.pixel(place)[0] - event.clientX + box.left, view.pixel(place)[1] - event.clientY + box.top) : Infinity;
  };
  const nearest = [...player.answer.tracks].sort((a, b) => distance(a) - distance(b))[0];
  if (nearest && distance(nearest) < 40) selected = nearest.id;
  isDirty = true;
}

function onChange(what) {
  if (what === "scene") {
    const { scene } = player.recording;
    views = viewsOf(scene);
    selected = null;
    document.querySelector("main").classList.toggle("two", Boolean(views.side));
    document.querySelector("main").classList.toggle("plain", !scene.outcomes.length && !scene.goals.length);
    byId("side-figure").hidden = !views.side;
    document.querySelector("#legend .ball").textContent = scene.hasTruth ? "true" : "newest seen";
  }
  choose();
  showState(player);
  isDirty = true;
}

function onRecord(record) {
  switch (record.kind) {
    case "programme":
      controls.list(record, key);
      if (key === null || !record.entries.some((entry) => entry.key === key)) key = controls.chosen();
      if (key) link.send({ do: "start", key });
      link.send({ do: "speed", value: player.speed });
      if (!player.isPlaying) link.send({ do: "pause" });
      return;
    case "started":
      key = record.key;
      controls.choose(key);
      return;
    case "scene":
      player.begin(record);
      if (["bad", "good"].includes(status.dataset.mood)) tell("");
      return;
    case "answer":
      player.add(record);
      if (status.dataset.mood === "waiting") tell("");
      return;
    case "ended":
      player.end(record.isWhole);
      return;
    case "waiting":
      tell(`Waiting for the server at ${record.address}; the stream goes on as soon as it is back.`, "waiting");
      return;
    case "resumed":
      tell(`The server is back: the stream went on at ${record.address}, ${record.isExact ? "nothing lost" : "from the newest observations"}.`, "good");
      return;
    case "over":
      tell("That was all of it; start it again, or something else.");
      return;
    case "failed":
      tell(record.words, "bad");
  }
}

function onLink(state) {
  if (state === "open") tell("");
  if (state === "lost") tell("The page's own server is gone; trying again.", "waiting");
  if (state === "full") tell("As many are looking as may; trying again.", "waiting");
  if (state === "slow") tell("This browser did not keep up; beginning anew.", "waiting");
}

function draw(now) {
  requestAnimationFrame(draw);
  if (!player.recording) return;
  const share = player.share(now);
  if (!isDirty && share >= 1) return;
  const goals = goalWords(player.recording.scene, player.answer?.tracks.find((track) => track.id === selected));
  for (const [name, view] of Object.entries(views)) {
    drawView(canvases[name], view, player.recording, player.at, selected, goals, share);
    canvases[name].setAttribute("aria-label", described(name));
  }
  if (isDirty) panel.draw(player.recording, player.at, selected);
  isDirty = share < 1;
}

function described(name) {
  const { title } = player.recording.scene;
  const tracks = player.answer?.tracks ?? [];
  const things = player.recording.scene.axes === 3 ? "ball" : `${tracks.length} people`;
  return `${title} from ${name === "side" ? "the side" : "above"}: ${things}, at ${(player.answer?.time ?? 0).toFixed(2)} seconds`;
}

const source = embedded ? null : (wish, more = {}) => link.send({ do: wish, ...more });
const player = new Player(source, onChange);
const controls = initialiseControls(player, {
  start(chosen) {
    key = chosen;
    tell("");
    player.isPlaying = true;
    link.send({ do: "start", key });
    showState(player);
  },
  selectNext,
  tell,
});
initialiseTheme(byId("theme"), () => (isDirty = true));
window.addEventListener("resize", () => (isDirty = true));
for (const [name, canvas] of Object.entries(canvases)) canvas.addEventListener("click", (event) => selectAt(name, event));
if (embedded) {
  byId("choose").hidden = true;
  const recordings = [];
  for (const record of JSON.parse(embedded.textContent)) {
    if (record.kind === "scene") recordings.push(new Recording(record));
    else if (record.kind === "answer") recordings.at(-1).answers.push(record);
    else recordings.at(-1).isEnded = true;
  }
  byId("next").hidden = recordings.length < 2;
  player.load(recordings);
} else {
  link = new Link(onRecord, onLink);
}
requestAnimationFrame(draw);

// For whoever looks closer, tests among them.
window.pathcast = {
  get scene() {
    return player.recording?.scene;
  },
  get answer() {
    return player.answer;
  },
  get selected() {
    return selected;
  },
  get answers() {
    return player.recording?.answers;
  },
  pixel: (name, position) => views[name].pixel(position),
  scale: (name) => views[name].scale,
  seek: (time) => player.seek(player.recording.answers.findLastIndex((answer) => answer.time <= time)),
  start(chosen, seed) {
    key = chosen;
    link.send({ do: "start", key, seed });
  },
};
