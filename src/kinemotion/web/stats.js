/**
 * What the connection achieves: rates, delays and losses over the last few seconds.
 *
 * @typedef {Object} Report
 * @property {number} sentPerS
 * @property {number} answeredPerS
 * @property {?number} medianMs
 * @property {?number} p95Ms
 * @property {number} skipped pictures that were never sent
 * @property {number} dropped frames that the server received and answered with a newer one
 */

const WINDOW_MS = 4000;
const SHORTEST_WINDOW_MS = 500;

/**
 * @param {number[]} values in any order
 * @param {number} fraction 0 to 1
 * @returns {?number} the smallest value that at least this fraction of the values does not exceed; null for none
 */
export function percentile(values, fraction) {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)];
}

/** Counts frames from their sending to their answer. Every time is in milliseconds of one monotonic clock. */
export class Telemetry {
  #openedMs;
  /** @type {number[]} */ #sent = [];
  /** @type {{atMs: number, delayMs: number}[]} */ #answers = [];
  /** @type {Map<number, number>} */ #underway = new Map();
  #skipped = 0;
  #droppedBefore = 0;
  #dropped = 0;

  /** @param {number} nowMs */
  constructor(nowMs) {
    this.#openedMs = nowMs;
  }

  /** A new connection counts its drops from zero, and answers nothing that went over the old one. */
  reconnected() {
    this.#underway.clear();
    this.#droppedBefore += this.#dropped;
    this.#dropped = 0;
  }

  /** @param {number} seq @param {number} nowMs */
  sent(seq, nowMs) {
    this.#sent.push(nowMs);
    this.#underway.set(seq, nowMs);
  }

  skipped() {
    this.#skipped += 1;
  }

  /** @param {import('./protocol.js').FrameAnswer} answer @param {number} nowMs */
  answered(answer, nowMs) {
    const sentMs = this.#underway.get(answer.seq);
    if (sentMs !== undefined) this.#answers.push({ atMs: nowMs, delayMs: nowMs - sentMs });
    for (const seq of this.#underway.keys()) {
      if (seq > answer.seq) break;
      this.#underway.delete(seq);
    }
    this.#dropped = answer.dropped;
  }

  /** @param {number} nowMs @returns {Report} */
  report(nowMs) {
    const since = nowMs - WINDOW_MS;
    this.#sent = this.#sent.filter((atMs) => atMs > since);
    this.#answers = this.#answers.filter(({ atMs }) => atMs > since);
    const seconds = Math.min(WINDOW_MS, Math.max(SHORTEST_WINDOW_MS, nowMs - this.#openedMs)) / 1000;
    const delays = this.#answers.map(({ delayMs }) => delayMs);
    return {
      sentPerS: this.#sent.length / seconds,
      answeredPerS: this.#answers.length / seconds,
      medianMs: percentile(delays, 0.5),
      p95Ms: percentile(delays, 0.95),
      skipped: this.#skipped,
      dropped: this.#droppedBefore + this.#dropped,
    };
  }
}
