// Panel: what is forecast in figures: outcome or goal, futures, and the age of forecasts.

import { drawChart } from "./chart.js";
import { percent } from "./drawing.js";

const SHOWN_FUTURES = 5;
const AGES = 500;
const NAMED_LINES = 4;
const NAMES = { made: "in", swish: "swish", rim: "off the rim", board: "off the board" };
const ENDS = { swish: "went in: swish", rim: "went in off the rim", board: "went in off the board", missed: "missed" };

export const isMade = (became) => ["swish", "rim", "board"].includes(became);

// The colour of each goal by its name.
export function goalColours(scene) {
  return Object.fromEntries(scene.goals.map((name, index) => [name, `series-${index === scene.goals.length - 1 ? 8 : index % 8}`]));
}

// Colour and words of each goal by its name: how likely a track is heading for it.
export function goalWords(scene, track) {
  return Object.fromEntries(
    Object.entries(goalColours(scene)).map(([name, colour], index) => {
      const probability = track?.goals?.[index];
      return [name, [colour, probability >= 0.005 ? `${name} ${percent(probability)}` : name]];
    }),
  );
}

// What the chart and the large figure are about: [field of a track, names, index of the main one].
function subject(scene, track) {
  if (scene.outcomes.length) return ["outcomes", scene.outcomes, Math.max(0, scene.outcomes.indexOf("made"))];
  if (scene.goals.length) {
    const likeliest = track?.goals ? track.goals.indexOf(Math.max(...track.goals)) : 0;
    return ["goals", scene.goals, likeliest];
  }
  return [null, [], 0];
}

export class Panel {
  constructor(elements) {
    this.elements = elements;
  }

  draw(recording, at, selected) {
    const { scene, answers } = recording;
    const track = answers[at]?.tracks.find((each) => each.id === selected);
    const [field, names, main] = subject(scene, track);
    this.elements.what.hidden = field === null;
    if (field) this.drawAnswer(recording, at, track, field, names, main, selected);
    this.drawFutures(scene, track, selected);
    this.drawAges(answers, at);
    const { name, version } = scene.model;
    this.elements.model.textContent = `${scene.title} · model ${name} ${version} · ${scene.offsets.at(-1)} s ahead${scene.isRecording ? " · the server keeps what it is sent" : ""}`;
  }

  drawAnswer({ scene, answers }, at, track, field, names, main, selected) {
    const { question, probability, truth, chart } = this.elements;
    const isShot = field === "outcomes";
    question.textContent = isShot ? "Will it go in?" : `Which way will person ${selected ?? "–"} leave?`;
    const values = track?.[field];
    const exact = values?.[main];
    probability.textContent = exact === undefined ? "–" : percent(exact);
    probability.dataset.probability = exact ?? "";
    probability.dataset.frame = answers[at]?.frame ?? "";
    const now = answers[at]?.time;
    const isDecided = isShot && scene.became && now !== undefined && scene.becameAt <= now;
    truth.className = isDecided ? "known" : "";
    truth.textContent = isDecided ? ENDS[scene.became] : exact === undefined ? "seen too briefly" : isShot ? "to go in" : names[main];
    const named = new Set([...(values ?? []).keys()].sort((a, b) => values[b] - values[a]).slice(0, NAMED_LINES));
    const points = (index) =>
      answers.slice(0, at + 1).flatMap((answer) => {
        const found = answer.tracks.find((each) => each.id === selected)?.[field];
        return found ? [[answer.time, found[index]]] : [];
      });
    const colours = isShot ? {} : goalColours(scene);
    const lines = names.map((name, index) => ({
      name: named.has(index) ? (NAMES[name] ?? name) : "",
      colour: colours[name] ?? `series-${index}`,
      isMain: index === main,
      points: points(index),
    }));
    lines.unshift(...lines.splice(main, 1));
    const first = lines[0].points[0]?.[0] ?? scene.begin;
    const begin = isShot ? scene.begin : Math.max(first, (now ?? first) - 20);
    const end = isShot ? scene.end : Math.max(begin + 4, now ?? 0);
    const marks = isDecided ? [[scene.becameAt, isMade(scene.became) ? "in" : "out"]] : [];
    lines.forEach((line) => (line.points = line.points.filter(([time]) => time >= begin)));
    drawChart(chart, { begin, end, now, lines, marks });
    const told = values ? names.map((name, index) => `${NAMES[name] ?? name} ${percent(values[index])}`).join(", ") : "nothing yet";
    chart.setAttribute("aria-label", `Probabilities over time; now: ${told}`);
  }

  drawFutures(scene, track, selected) {
    const { futures, ofTrack } = this.elements;
    ofTrack.textContent = scene.axes === 2 && selected ? `of person ${selected}` : "";
    const modes = (track?.modes ?? []).slice(0, SHOWN_FUTURES);
    while (futures.children.length > modes.length) futures.lastChild.remove();
    while (futures.children.length < modes.length) {
      const item = document.createElement("li");
      item.append(document.createElement("i"), document.createElement("span"));
      futures.append(item);
    }
    modes.forEach((probability, index) => {
      const [bar, words] = futures.children[index].children;
      bar.style.width = `${100 * probability}%`;
      bar.style.opacity = Math.min(1, 0.3 + probability);
      words.textContent = percent(probability);
    });
  }

  drawAges(answers, at) {
    const { age50, age99, age } = this.elements;
    const ages = answers.slice(Math.max(0, at + 1 - AGES), at + 1).map((answer) => answer.ageMs);
    const sorted = [...ages].sort((a, b) => a - b);
    const quantile = (share) => (sorted.length ? milliseconds(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]) : "–");
    age50.textContent = quantile(0.5);
    age99.textContent = quantile(0.99);
    age.textContent = ages.length ? milliseconds(ages.at(-1)) : "–";
  }
}

function milliseconds(value) {
  return value < 1000 ? `${value < 10 ? value.toFixed(1) : Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}
