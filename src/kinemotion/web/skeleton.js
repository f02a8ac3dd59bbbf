/** Draws the 33 points of a pose and the lines between them. */

const LEFT = '#ffb454';
const RIGHT = '#4cc9f0';
const MIDDLE = '#f4f7fa';
const OUTLINE = 'rgba(6, 12, 18, 0.55)';
const HIDDEN_BELOW = 0.2;
const FIRST_BODY_POINT = 11;

/** @type {[number, number, string][]} pairs of points; left and right are the athlete's own */
const BONES = [
  [11, 12, MIDDLE], [23, 24, MIDDLE], [11, 23, LEFT], [12, 24, RIGHT],
  [11, 13, LEFT], [13, 15, LEFT], [15, 17, LEFT], [15, 19, LEFT], [17, 19, LEFT], [15, 21, LEFT],
  [12, 14, RIGHT], [14, 16, RIGHT], [16, 18, RIGHT], [16, 20, RIGHT], [18, 20, RIGHT], [16, 22, RIGHT],
  [23, 25, LEFT], [25, 27, LEFT], [27, 29, LEFT], [29, 31, LEFT], [27, 31, LEFT],
  [24, 26, RIGHT], [26, 28, RIGHT], [28, 30, RIGHT], [30, 32, RIGHT], [28, 32, RIGHT],
  [8, 6, MIDDLE], [6, 5, MIDDLE], [5, 4, MIDDLE], [4, 0, MIDDLE], [0, 1, MIDDLE], [1, 2, MIDDLE], [2, 3, MIDDLE],
  [3, 7, MIDDLE], [9, 10, MIDDLE],
];

/** @param {number} point @returns {string} */
function colourOf(point) {
  if (point < FIRST_BODY_POINT) return MIDDLE;
  return point % 2 === 1 ? LEFT : RIGHT;
}

/**
 * @param {CanvasRenderingContext2D} context cleared first
 * @param {?number[][]} pose 33 rows of x, y, z, visibility; null for nobody
 */
export function drawSkeleton(context, pose) {
  const { width, height } = context.canvas;
  context.clearRect(0, 0, width, height);
  if (!pose) return;
  const unit = Math.max(width, height) / 640;
  const points = pose.map(([x, y, , visibility]) => ({ x: x * width, y: y * height, alpha: strength(visibility) }));
  context.lineCap = 'round';
  for (const [thickness, colour] of /** @type {const} */ ([[6.5, OUTLINE], [3.5, null]])) {
    for (const [from, to, own] of BONES) {
      const thin = from < FIRST_BODY_POINT || (from >= 15 && to <= 22);
      line(context, points[from], points[to], colour ?? own, thickness * unit * (thin ? 0.5 : 1));
    }
  }
  points.forEach((point, index) => dot(context, point, colourOf(index), unit * (isMinor(index) ? 1.6 : 4)));
  context.globalAlpha = 1;
}

/** @param {number} visibility @returns {number} */
function strength(visibility) {
  return visibility < HIDDEN_BELOW ? 0 : Math.min(1, 0.35 + visibility * 0.65);
}

/** The face and the fingers. @param {number} index */
function isMinor(index) {
  return index < FIRST_BODY_POINT || (index >= 17 && index <= 22);
}

/**
 * @typedef {{x: number, y: number, alpha: number}} Point
 * @param {CanvasRenderingContext2D} context @param {Point} from @param {Point} to
 * @param {string} colour @param {number} thickness
 */
function line(context, from, to, colour, thickness) {
  context.globalAlpha = Math.min(from.alpha, to.alpha);
  if (context.globalAlpha === 0) return;
  context.strokeStyle = colour;
  context.lineWidth = thickness;
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y);
  context.stroke();
}

/** @param {CanvasRenderingContext2D} context @param {Point} point @param {string} colour @param {number} radius */
function dot(context, point, colour, radius) {
  context.globalAlpha = point.alpha;
  if (point.alpha === 0) return;
  context.fillStyle = MIDDLE;
  context.strokeStyle = colour;
  context.lineWidth = radius * 0.7;
  context.beginPath();
  context.arc(point.x, point.y, radius, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
}
