/** The last seconds of the body's height, as a line. */

const SPAN_S = 6;
const LEAST_RANGE_M = 0.4;
const MARGIN = 6;

export class Trace {
  /** @type {{t: number, height: number}[]} */ #points = [];

  /** @param {HTMLCanvasElement} canvas its CSS colour is the line's, and its `--line` the ground's */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  }

  clear() {
    this.#points = [];
    this.#draw();
  }

  /** @param {number} tS seconds; going back begins a new line @param {number|undefined} height metres over standing */
  add(tS, height) {
    if (this.#points.length > 0 && tS <= this.#points[this.#points.length - 1].t) this.#points = [];
    if (height !== undefined) this.#points.push({ t: tS, height });
    this.#points = this.#points.filter(({ t }) => t > tS - SPAN_S);
    this.#draw();
  }

  /** There is no line, and no empty ground for one, before there are two points. */
  #draw() {
    const { canvas, context } = this;
    canvas.hidden = this.#points.length < 2;
    if (canvas.hidden) return;
    const width = Math.round(canvas.clientWidth * devicePixelRatio);
    const height = Math.round(canvas.clientHeight * devicePixelRatio);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    context.clearRect(0, 0, width, height);
    const heights = this.#points.map((point) => point.height);
    const low = Math.min(-LEAST_RANGE_M / 2, ...heights);
    const high = Math.max(LEAST_RANGE_M / 2, ...heights);
    const end = this.#points[this.#points.length - 1].t;
    const margin = MARGIN * devicePixelRatio;
    const x = (/** @type {number} */ t) => width - margin - ((end - t) / SPAN_S) * (width - 2 * margin);
    const y = (/** @type {number} */ h) => margin + ((high - h) / (high - low)) * (height - 2 * margin);
    const style = getComputedStyle(canvas);
    this.#line([[0, y(0)], [width, y(0)]], style.getPropertyValue('--line'), devicePixelRatio);
    this.#line(this.#points.map((point) => [x(point.t), y(point.height)]), style.color, 2 * devicePixelRatio);
  }

  /** @param {number[][]} points @param {string} colour @param {number} thickness */
  #line(points, colour, thickness) {
    const { context } = this;
    context.strokeStyle = colour;
    context.lineWidth = thickness;
    context.lineJoin = 'round';
    context.beginPath();
    points.forEach(([x, y]) => context.lineTo(x, y));
    context.stroke();
  }
}
