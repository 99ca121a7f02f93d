// Drawing: one answer on a view: what was seen, where things are, and the futures that are forecast.

import { drawAbove, drawScale, drawSide, labelExits, trace } from "./place.js";
import { colour } from "./theme.js";

export const DEVIATIONS_90 = { 2: 2.146, 3: 2.146 }; // of a Gaussian in the plane of the canvas, which hold 90 % of it
const LABELLED = 3;
const CLEAR_PX = 26;
const TRAIL_S = { 2: 4, 3: 60 };

// Sizes a canvas to its place on the page and clears it; returns its context in CSS pixels.
export function cleared(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = window.devicePixelRatio || 1;
  const [wide, tall] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== tall) Object.assign(canvas, { width: wide, height: tall });
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.lineJoin = "round";
  return [context, width, height];
}

export function drawView(canvas, view, recording, at, selected, goals, share) {
  const [context, width, height] = cleared(canvas);
  view.fit(width, height);
  const { scene } = recording;
  if (view.up[2] === 1) drawSide(context, view, scene.venue);
  else drawAbove(context, view, scene.venue, goals);
  const answer = recording.answers[at];
  if (!answer) return;
  const isFromSide = view.up[2] === 1;
  const chosen = answer.tracks.filter((track) => track.id === selected);
  const others = answer.tracks.filter((track) => track.id !== selected);
  if (scene.axes === 2) others.forEach((track) => drawFan(context, view, scene, recording, at, track, 0.45));
  chosen.forEach((track) => drawLater(context, view, recording, at, track));
  [...others, ...chosen].forEach((track) => drawTrail(context, view, recording, at, track.id, scene));
  chosen.forEach((track) => drawFan(context, view, scene, recording, at, track, 1));
  if (!isFromSide) drawScale(context, view);
  if (!isFromSide) labelExits(context, view, scene.venue, goals);
  others.forEach((track) => drawThing(context, view, scene, placeOf(recording, at, track, share), "person"));
  chosen.forEach((track) => drawThing(context, view, scene, placeOf(recording, at, track, share), "ball"));
}

// Where a thing is now: truly, or as last seen.
export function placeOf(recording, at, track, share = 1) {
  const now = track.true ?? lastSeen(recording, at, track.id);
  if (share >= 1 || at === 0 || !now) return now;
  const before = recording.answers[at - 1].tracks.find((each) => each.id === track.id);
  const from = before && (track.true ? before.true : lastSeen(recording, at - 1, track.id));
  return from ? now.map((value, axis) => from[axis] + share * (value - from[axis])) : now;
}

function lastSeen(recording, at, id) {
  for (let index = at; index >= 0; index -= 1) {
    const found = recording.answers[index].tracks.find((track) => track.id === id);
    if (found?.seen) return found.seen;
    if (!found) return undefined;
  }
  return undefined;
}

function drawTrail(context, view, recording, at, id, scene) {
  const now = recording.answers[at].time;
  context.fillStyle = colour("seen");
  const radius = scene.axes === 3 ? 2.4 : 1.5;
  context.globalAlpha = scene.axes === 3 ? 0.9 : 0.55;
  context.beginPath();
  for (let index = at; index >= 0 && recording.answers[index].time > now - TRAIL_S[scene.axes]; index -= 1) {
    const seen = recording.answers[index].tracks.find((track) => track.id === id)?.seen;
    if (!seen) continue;
    const [x, y] = view.pixel(seen);
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  context.fill();
  context.globalAlpha = 1;
}

// What came after, of a track in an answer that is not the newest.
function drawLater(context, view, recording, at, track) {
  const points = recording.answers.slice(at).map((answer) => {
    const found = answer.tracks.find((each) => each.id === track.id);
    return found?.true ?? found?.seen;
  });
  const known = points.filter(Boolean);
  if (known.length < 2) return;
  trace(context, view, known);
  context.strokeStyle = colour("later");
  context.lineWidth = 2;
  context.setLineDash([6, 5]);
  context.stroke();
  context.setLineDash([]);
}

function drawFan(context, view, scene, recording, at, track, opacity) {
  if (!track.paths) return;
  const from = lastSeen(recording, at, track.id);
  const isChosen = opacity === 1;
  if (isChosen && track.spread) drawSpread(context, view, scene, track);
  context.strokeStyle = colour(isChosen ? "future" : "person");
  context.fillStyle = context.strokeStyle;
  context.lineCap = "round";
  const shown = isChosen ? track.paths.length : Math.min(3, track.paths.length);
  for (let mode = shown - 1; mode >= 0; mode -= 1) {
    const probability = track.modes[mode];
    context.globalAlpha = opacity * Math.min(1, 0.16 + 1.3 * probability);
    context.lineWidth = isChosen ? 1.2 + 6 * probability : 1 + 2.5 * probability;
    const points = from ? [from, ...track.paths[mode]] : track.paths[mode];
    trace(context, view, points);
    context.stroke();
    const [x, y] = view.pixel(points.at(-1));
    context.beginPath();
    context.arc(x, y, context.lineWidth / 2 + 1.4, 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 1;
  if (isChosen) labelFutures(context, view, track);
}

function drawSpread(context, view, scene, track) {
  context.fillStyle = colour("spread");
  context.strokeStyle = colour("spread");
  context.lineWidth = 1;
  track.spread.forEach((packed, step) => {
    const [x, y] = view.pixel(track.paths[0][step]);
    const [wide, narrow, turn] = view.ellipse(packed, DEVIATIONS_90[scene.axes]);
    context.beginPath();
    context.ellipse(x, y, wide, narrow, turn, 0, 2 * Math.PI);
    context.globalAlpha = 0.05;
    context.fill();
    context.globalAlpha = 0.28;
    context.stroke();
  });
  context.globalAlpha = 1;
}

function labelFutures(context, view, track) {
  context.font = "600 12px system-ui, 'DejaVu Sans', sans-serif";
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.lineWidth = 3;
  const taken = [];
  for (let mode = 0; mode < Math.min(LABELLED, track.modes.length); mode += 1) {
    const text = percent(track.modes[mode]);
    const [x, y] = view.pixel(track.paths[mode].at(-1));
    if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
    const at = [Math.min(Math.max(x + 9, 4), view.width - context.measureText(text).width - 4), Math.min(Math.max(y, 30), view.height - 10)];
    if (taken.some((other) => Math.hypot(other[0] - at[0], other[1] - at[1]) < CLEAR_PX)) continue;
    taken.push(at);
    context.strokeStyle = colour("card");
    context.strokeText(text, ...at);
    context.fillStyle = colour("future");
    context.fillText(text, ...at);
  }
}

function drawThing(context, view, scene, place, name) {
  if (!place) return;
  const [x, y] = view.pixel(place);
  const radius = Math.max(scene.axes === 3 ? 4 : 3, scene.radius * view.scale);
  context.fillStyle = colour(name);
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

export function percent(probability) {
  return `${Math.round(100 * probability)} %`;
}
