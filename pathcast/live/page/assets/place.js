// Place: floor, walls, exits, table, net, hoop and board of a venue, to scale, from above or from the side.

import { colour } from "./theme.js";
import { boxCorners, COURT } from "./view.js";

export const trace = (context, view, points, isClosed = false) => {
  context.beginPath();
  points.forEach((point, index) => context[index ? "lineTo" : "moveTo"](...view.pixel(point)));
  if (isClosed) context.closePath();
};

function fill(context, view, points, name) {
  trace(context, view, points, true);
  context.fillStyle = colour(name);
  context.fill();
}

function stroke(context, view, points, name, width, dash = []) {
  trace(context, view, points);
  context.strokeStyle = colour(name);
  context.lineWidth = width;
  context.setLineDash(dash);
  context.stroke();
  context.setLineDash([]);
}

const arc = (centre, radius, from, to) =>
  Array.from({ length: 61 }, (_, index) => {
    const angle = from + ((to - from) * index) / 60;
    return [centre[0] + radius * Math.cos(angle), centre[1] + radius * Math.sin(angle), centre[2] ?? 0];
  });

const box = (x0, y0, x1, y1) => [[x0, y0, 0], [x1, y0, 0], [x1, y1, 0], [x0, y1, 0]];

function drawCourt(context, view) {
  const { end, middle, half, arc: radius, corner, key, line, circle } = COURT;
  fill(context, view, box(end, -half, middle, half), "floor");
  const bend = Math.asin(corner / radius);
  stroke(context, view, [[end, -corner, 0], ...arc([0, 0], radius, -bend, bend), [end, corner, 0]], "line", 1.5);
  stroke(context, view, [[end, -key, 0], [line, -key, 0], [line, key, 0], [end, key, 0]], "line", 1.5);
  stroke(context, view, arc([line, 0], circle, 0, 2 * Math.PI), "line", 1.5);
  stroke(context, view, [...box(end, -half, middle, half), [end, -half, 0]], "line", 2);
}

// Where the words beside the middle of an exit stand, on the side of the room and clear of others: [left, top, right, bottom].
function boxBeside([x, y], [inX, inY], width, view, taken) {
  const length = Math.hypot(inX - x, inY - y) || 1;
  const left = Math.min(Math.max(x + ((inX - x) / length) * (width / 2 + 12) - width / 2, 6), view.width - width - 6);
  const down = inY > y ? 1 : -1;
  let top = y + ((inY - y) / length) * 18 - 8;
  const isTaken = () => taken.some((box) => left < box[2] && left + width > box[0] && top < box[3] && top + 16 > box[1]);
  for (let attempt = 0; attempt < 6 && isTaken(); attempt += 1) top += 16 * down;
  return [left, top, left + width, top + 16];
}

// The place from above; goals: by name [colour, words] of an exit.
export function drawAbove(context, view, venue, goals) {
  if (!venue) return;
  if (venue.hoop) drawCourt(context, view);
  if (venue.walls?.length) drawGround(context, view, venue);
  if (venue.table) fill(context, view, boxCorners(venue.table).slice(4), "table");
  for (const obstacle of venue.obstacles ?? []) fill(context, view, boxCorners(obstacle).slice(4), "solid");
  for (const wall of venue.walls ?? []) stroke(context, view, [wall.start, wall.end], "solid", 3);
  for (const way of venue.exits ?? []) {
    stroke(context, view, [way.start, way.end], (goals[way.name] ?? ["later"])[0], 4, [7, 4]);
  }
  for (const thing of [venue.net, venue.board]) {
    if (thing) fill(context, view, boxCorners(thing).slice(4), "solid");
    if (thing) stroke(context, view, [...boxCorners(thing).slice(4), boxCorners(thing)[4]], "solid", 1.5);
  }
  if (venue.hoop) stroke(context, view, arc(venue.hoop.centre, venue.hoop.radius, 0, 2 * Math.PI), "rim", 2.5);
}

// The names of the exits, above everything else.
export function labelExits(context, view, venue, goals) {
  const ends = (venue?.exits ?? []).flatMap(({ start, end }) => [start, end]);
  const middle = [0, 1].map((axis) => (Math.min(...ends.map((end) => end[axis])) + Math.max(...ends.map((end) => end[axis]))) / 2);
  const taken = [];
  context.font = "600 12px system-ui, 'DejaVu Sans', sans-serif";
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.lineWidth = 4;
  context.strokeStyle = colour("card");
  for (const way of venue?.exits ?? []) {
    const [name, words] = goals[way.name] ?? ["later", way.name];
    const at = view.pixel(way.start.map((value, axis) => (value + way.end[axis]) / 2));
    const box = boxBeside(at, view.pixel(middle), context.measureText(words).width, view, taken);
    taken.push(box);
    context.strokeText(words, box[0], box[1] + 8);
    context.fillStyle = colour(name);
    context.fillText(words, box[0], box[1] + 8);
  }
}

function drawGround(context, view, venue) {
  const points = venue.walls.flatMap(({ start, end }) => [start, end]);
  const middle = [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
  const isRound = venue.walls.every(({ start, end }) => Math.hypot(start[0] - end[0], start[1] - end[1]) > 0.2);
  if (!isRound || (venue.exits?.length ?? 0) < 2) return;
  const angle = (point) => Math.atan2(point[1] - middle[1], point[0] - middle[0]);
  const round = [...points, ...venue.exits.flatMap(({ start, end }) => [start, end])].sort((a, b) => angle(a) - angle(b));
  context.globalAlpha = 0.45;
  fill(context, view, round, "floor");
  context.globalAlpha = 1;
}

// The place from the side.
export function drawSide(context, view, venue) {
  const floor = venue?.floor?.point[2];
  if (floor !== undefined) {
    const [, y] = view.pixel([0, 0, floor]);
    context.fillStyle = colour("floor");
    context.fillRect(0, y, view.width, view.height - y);
    context.fillStyle = colour("line");
    context.fillRect(0, y - 1, view.width, 2);
  }
  for (const thing of [venue?.table, venue?.net, venue?.board, ...(venue?.obstacles ?? [])]) {
    if (thing) drawUpright(context, view, boxCorners(thing), thing === venue.board ? 0.5 : 1);
  }
  if (venue?.table) drawLegs(context, view, venue.table, floor);
  if (venue?.hoop) drawHoop(context, view, venue.hoop);
  drawHeights(context, view, floor ?? 0);
}

function drawUpright(context, view, points, opacity) {
  const pixels = points.map((point) => view.pixel(point));
  const low = [0, 1].map((axis) => Math.min(...pixels.map((pixel) => pixel[axis])));
  const size = [0, 1].map((axis) => Math.max(2, Math.max(...pixels.map((pixel) => pixel[axis])) - low[axis]));
  context.globalAlpha = opacity;
  context.fillStyle = colour("solid");
  context.fillRect(...low, ...size);
  context.globalAlpha = 1;
}

function drawLegs(context, view, table, floor) {
  if (floor === undefined) return;
  for (const share of [-0.8, 0.8]) {
    const [x, y] = table.centre.map((value, axis) => value + (share * table.size[axis]) / 2);
    stroke(context, view, [[x, y, table.centre[2]], [x, y, floor]], "solid", 3);
  }
}

function drawHoop(context, view, hoop) {
  const [x, y] = view.pixel(hoop.centre);
  const reach = hoop.radius * view.scale;
  context.strokeStyle = colour("solid");
  context.lineWidth = 1;
  const drop = 0.42 * view.scale;
  context.beginPath();
  for (let strand = 0; strand <= 4; strand += 1) {
    const at = -1 + strand / 2;
    context.moveTo(x + at * reach, y);
    context.lineTo(x + 0.55 * at * reach, y + drop);
  }
  context.stroke();
  context.strokeStyle = colour("rim");
  context.lineWidth = Math.max(3, 2 * hoop.tube_radius * view.scale);
  context.lineCap = "round";
  context.beginPath();
  context.moveTo(x - reach, y);
  context.lineTo(x + reach, y);
  context.stroke();
}

// A bar of so many metres at the lower edge.
export function drawScale(context, view) {
  const length = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].find((each) => each * view.scale >= 40) ?? 100;
  const [x, y] = [12, view.height - 10];
  context.fillStyle = colour("quiet");
  context.fillRect(x, y - 2, length * view.scale, 2);
  context.fillRect(x, y - 5, 1, 5);
  context.fillRect(x + length * view.scale - 1, y - 5, 1, 5);
  context.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.fillText(`${length} m`, x + 4, y - 6);
}

// A scale of heights at the left edge, in steps that leave room for their figures.
function drawHeights(context, view, floor) {
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].find((each) => each * view.scale >= 34) ?? 100;
  context.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillStyle = colour("quiet");
  for (let height = step; height < view.high[1] - floor; height += step) {
    const y = view.pixel([0, 0, floor + height])[1];
    if (y < 30) break;
    context.fillRect(0, y - 0.5, 5, 1);
    context.fillText(`${Number(height.toFixed(1))} m`, 9, y);
  }
}
