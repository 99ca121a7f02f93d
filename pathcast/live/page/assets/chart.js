// Chart: probabilities over the time of a scene, a line for each of several outcomes or goals.

import { cleared, percent } from "./drawing.js";
import { colour } from "./theme.js";

const LEFT = 44;
const BOTTOM = 34;
const TOP = 8;
const RIGHT = 10;

// lines: [{name, colour, isMain, points: [[seconds, probability], ...]}]; marks: [[seconds, words]].
export function drawChart(canvas, { begin, end, now, lines, marks }) {
  const [context, width, height] = cleared(canvas);
  const labels = Math.min(110, Math.max(0, ...lines.map((line) => measured(context, line))) + 10);
  const right = width - RIGHT - labels;
  const x = (time) => LEFT + ((right - LEFT) * (time - begin)) / Math.max(end - begin, 1e-9);
  const y = (probability) => TOP + (height - TOP - BOTTOM) * (1 - probability);
  drawAxes(context, x, y, begin, end, right, height);
  for (const [time, words] of marks) drawMark(context, x(time), y, words);
  if (now !== undefined) {
    context.fillStyle = colour("quiet");
    context.fillRect(x(now) - 0.5, y(1), 1, y(0) - y(1));
  }
  for (const line of [...lines].reverse()) drawLine(context, x, y, line);
  writeNames(context, y, lines, right + 8);
}

function measured(context, line) {
  context.font = "600 11px system-ui, 'DejaVu Sans', sans-serif";
  return context.measureText(line.name).width;
}

function drawAxes(context, x, y, begin, end, right, height) {
  context.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  context.textBaseline = "middle";
  for (const probability of [0, 0.5, 1]) {
    context.fillStyle = colour("edge");
    context.fillRect(LEFT, y(probability) - 0.5, right - LEFT, 1);
    context.fillStyle = colour("quiet");
    context.textAlign = "right";
    context.fillText(percent(probability), LEFT - 5, y(probability));
  }
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500].find((each) => (each * (right - LEFT)) / (end - begin || 1) >= 34) ?? 1000;
  context.textAlign = "center";
  for (let time = 0; time <= end - begin + 1e-9; time += step) {
    context.fillText(`${Number(time.toFixed(1))}`, x(begin + time), height - BOTTOM + 11);
  }
  context.fillText("seconds since the first frame", (LEFT + right) / 2, height - 6);
}

function drawMark(context, at, y, words) {
  context.fillStyle = colour("later");
  context.fillRect(at - 1, y(1), 2, y(0) - y(1));
  context.font = "600 11px system-ui, 'DejaVu Sans', sans-serif";
  context.textAlign = "right";
  context.fillText(words, at - 5, y(0.94));
}

function drawLine(context, x, y, line) {
  context.strokeStyle = colour(line.colour);
  context.fillStyle = context.strokeStyle;
  context.lineWidth = line.isMain ? 2.8 : 1.5;
  context.globalAlpha = line.isMain ? 1 : 0.8;
  context.beginPath();
  line.points.forEach(([time, probability], index) => context[index ? "lineTo" : "moveTo"](x(time), y(probability)));
  context.stroke();
  const last = line.points.at(-1);
  if (last) {
    context.beginPath();
    context.arc(x(last[0]), y(last[1]), line.isMain ? 4 : 2.5, 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 1;
}

// Names at the heights of their lines' ends, moved apart where they would cover each other.
function writeNames(context, y, lines, left) {
  const wanted = lines.filter((line) => line.name && line.points.length).map((line) => ({ line, at: y(line.points.at(-1)[1]) }));
  wanted.sort((a, b) => a.at - b.at);
  for (let index = 1; index < wanted.length; index += 1) wanted[index].at = Math.max(wanted[index].at, wanted[index - 1].at + 12);
  let most = y(0);
  for (const each of [...wanted].reverse()) {
    each.at = Math.min(each.at, most);
    most = each.at - 12;
  }
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const { line, at } of wanted) {
    context.font = `${line.isMain ? 700 : 500} 11px system-ui, 'DejaVu Sans', sans-serif`;
    context.fillStyle = colour(line.colour);
    context.fillText(line.name, left, at);
  }
}
