// View: where metres are on a canvas. Both directions share one scale, so that everything is drawn in its proportions.

const MARGIN = 14;

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + (a[2] ?? 0) * (b[2] ?? 0);

export class View {
  // across, up: unit vectors of the world that point right and up on the canvas; low, high: what it shows, in metres along them.
  constructor(across, up, low, high) {
    Object.assign(this, { across, up, low, high, scale: 1, left: 0, bottom: 0, width: 0, height: 0 });
    this.stands = up[2] === 1; // what is seen from the side stands on the canvas's lower edge
  }

  // Makes what it shows as large as the canvas allows, in its middle; sizes are CSS pixels.
  fit(width, height) {
    const spans = [this.high[0] - this.low[0], this.high[1] - this.low[1]];
    this.scale = Math.max(1e-3, Math.min((width - 2 * MARGIN) / spans[0], (height - 2 * MARGIN) / spans[1]));
    this.left = (width - this.scale * spans[0]) / 2;
    const spare = height - this.scale * spans[1];
    this.bottom = this.stands ? Math.min(MARGIN, spare / 2) : spare / 2;
    Object.assign(this, { width, height });
  }

  // Metres along the canvas's directions.
  flat(position) {
    return [dot(position, this.across), dot(position, this.up)];
  }

  // CSS pixels from the upper left corner.
  pixel(position) {
    const [right, up] = this.flat(position);
    return [this.left + this.scale * (right - this.low[0]), this.height - this.bottom - this.scale * (up - this.low[1])];
  }

  // Radii and turn of the ellipse, in CSS pixels and radians of the canvas, of so many standard deviations.
  ellipse(packed, deviations) {
    const full = unpacked(packed);
    const [a, b, c] = [form(full, this.across, this.across), form(full, this.across, this.up), form(full, this.up, this.up)];
    const middle = (a + c) / 2;
    const half = Math.hypot((a - c) / 2, b);
    const radius = (value) => deviations * this.scale * Math.sqrt(Math.max(value, 0));
    return [radius(middle + half), radius(middle - half), -Math.atan2(2 * b, a - c) / 2];
  }
}

// The symmetric matrix of a packed upper triangle of two or three axes.
function unpacked(packed) {
  if (packed.length === 3) {
    const [xx, xy, yy] = packed;
    return [[xx, xy, 0], [xy, yy, 0], [0, 0, 0]];
  }
  const [xx, xy, xz, yy, yz, zz] = packed;
  return [[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]];
}

const form = (matrix, a, b) => dot(a, matrix.map((row) => dot(row, b)));

const corners = (low, high) => [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => [0, 1, 2].map((axis) => ((bits >> axis) & 1 ? high[axis] ?? 0 : low[axis] ?? 0)));

function boxed(across, up, points, margin) {
  const view = new View(across, up, [0, 0], [1, 1]);
  const flats = points.map((point) => view.flat(point));
  view.low = [0, 1].map((axis) => Math.min(...flats.map((flat) => flat[axis])) - margin);
  view.high = [0, 1].map((axis) => Math.max(...flats.map((flat) => flat[axis])) + margin);
  return view;
}

function placePoints(venue) {
  const points = [];
  for (const { start, end } of [...(venue?.walls ?? []), ...(venue?.exits ?? [])]) points.push(start, end);
  for (const box of [venue?.table, venue?.net, venue?.board, ...(venue?.obstacles ?? [])]) {
    if (box) points.push(...boxCorners(box));
  }
  if (venue?.hoop) points.push(venue.hoop.centre);
  return points;
}

// The eight corners of a box, the lower four first, in their order round it.
export function boxCorners(box) {
  const [cosine, sine] = [Math.cos(box.yaw ?? 0), Math.sin(box.yaw ?? 0)];
  const [half, deep, tall] = box.size.map((size) => size / 2);
  return [-tall, tall].flatMap((z) =>
    [[-half, -deep], [half, -deep], [half, deep], [-half, deep]].map(([x, y]) => [
      box.centre[0] + cosine * x - sine * y,
      box.centre[1] + sine * x + cosine * y,
      box.centre[2] + z,
    ]),
  );
}

// The views of a scene: from above, and of what flies from the side, along its way.
export function viewsOf(scene) {
  const [low, high] = scene.bounds;
  const points = [...corners(low, high), ...placePoints(scene.venue)];
  if (scene.axes === 2) return { above: boxed([1, 0, 0], [0, 1, 0], points, scene.venue ? 0.8 : 2.5) };
  const floor = scene.venue?.floor?.point[2] ?? low[2];
  if (scene.venue?.hoop) {
    const centre = scene.venue.hoop.centre;
    const from = scene.from ?? [high[0], high[1]];
    const away = [centre[0] - from[0], centre[1] - from[1]];
    const length = Math.hypot(...away) || 1;
    const ahead = [away[0] / length, away[1] / length, 0];
    const court = courtCorners();
    const side = boxed(ahead, [0, 0, 1], [...corners(low, high), ...placePoints(scene.venue), [0, 0, floor]], 0.5);
    side.high[0] = Math.max(side.high[0], side.flat(centre)[0] + 1.6);
    side.high[1] = Math.max(side.high[1], centre[2] + 1.6);
    side.low[1] = floor - 0.35;
    return { side, above: boxed([-1, 0, 0], [0, -1, 0], [...court, ...corners(low, high)], 0.3) };
  }
  const isAlongY = high[1] - low[1] > high[0] - low[0];
  const along = isAlongY ? [0, 1, 0] : [1, 0, 0];
  const side = boxed(along, [0, 0, 1], points, 0.3);
  side.low[1] = Math.min(side.low[1], floor - 0.1);
  const above = isAlongY ? boxed([0, 1, 0], [-1, 0, 0], points, 0.15) : boxed([1, 0, 0], [0, 1, 0], points, 0.15);
  return { side, above };
}

// Of half a basketball court, from the venue's origin below the hoop: 50 ft wide, 47 ft deep, the hoop 5.25 ft from its end.
export const COURT = { end: -1.6, middle: 12.73, half: 7.62, arc: 7.24, corner: 6.71, key: 2.44, line: 4.19, circle: 1.83 };

function courtCorners() {
  return [[COURT.end, -COURT.half, 0], [9, COURT.half, 0]];
}
