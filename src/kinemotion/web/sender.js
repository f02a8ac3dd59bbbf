/**
 * Decides which pictures become frames: as many as are wanted, never two encodings at once, none while the connection
 * lags behind. A picture that is not sent now is never sent: the next one is newer.
 *
 * @typedef {Object} Picture
 * @property {number} captureUs
 * @property {Uint8Array} [jpeg] where the source has it already
 *
 * @typedef {'sent'|'skipped'|'thinned'|'idle'} Outcome `thinned`: more came than are wanted; `idle`: no session is live
 */

/** Two pictures nearer to each other than this part of the wanted interval count as one too many. */
const TOLERANCE = 0.8;

export class FrameSender {
  #lastUs = -Infinity;
  #encoding = false;

  /**
   * @param {Object} options
   * @param {{ready: boolean, state: string, send: (captureUs: number, jpeg: ArrayBuffer|Uint8Array) => ?number}}
   *   options.stream
   * @param {() => Promise<?ArrayBuffer>} options.encode the picture on show to a JPEG
   * @param {number} options.fps
   * @param {(seq: number, captureUs: number) => void} options.onSent
   * @param {() => void} options.onSkipped
   */
  constructor({ stream, encode, fps, onSent, onSkipped }) {
    this.stream = stream;
    this.encode = encode;
    this.intervalUs = 1e6 / fps;
    this.onSent = onSent;
    this.onSkipped = onSkipped;
  }

  /** @param {Picture} picture @returns {Promise<Outcome>} */
  async offer({ captureUs, jpeg }) {
    if (this.stream.state !== 'live') return 'idle';
    if (captureUs - this.#lastUs < this.intervalUs * TOLERANCE) return 'thinned';
    if (this.#encoding || !this.stream.ready) return this.#skip();
    this.#lastUs = captureUs;
    const bytes = jpeg ?? (await this.#encoded());
    const seq = bytes && this.stream.send(captureUs, bytes);
    if (seq === null) return this.#skip();
    this.onSent(seq, captureUs);
    return 'sent';
  }

  async #encoded() {
    this.#encoding = true;
    try {
      return await this.encode();
    } finally {
      this.#encoding = false;
    }
  }

  /** @returns {Outcome} */
  #skip() {
    this.onSkipped();
    return 'skipped';
  }
}
