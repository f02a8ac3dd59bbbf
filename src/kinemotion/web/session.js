/**
 * One measuring session: a source of pictures, the connection that they go over, and what comes back.
 *
 * @typedef {import('./protocol.js').Settings} Settings
 * @typedef {import('./camera.js').Camera|import('./demo.js').Demo} Source
 *
 * @typedef {Object} Handlers
 * @property {(state: import('./stream.js').State, detail: import('./stream.js').Detail) => void} onState
 * @property {(message: import('./protocol.js').Started) => void} onStarted
 * @property {(answer: import('./protocol.js').FrameAnswer) => void} onAnswer
 * @property {(session: string, jump: import('./protocol.js').Jump, truth?: Object<string, number>) => void} onJump
 * @property {(summary: import('./protocol.js').Summary) => void} onSummary
 * @property {(code: string) => void} onFault a fault that the session survives
 * @property {() => void} onSourceEnded
 * @property {() => void} onShape the pictures have another shape than before
 */

import { Telemetry } from './stats.js';
import { FrameSender } from './sender.js';
import { Stream } from './stream.js';
import { truthOf } from './demo.js';

const LONGEST_SIDE = 640;
const JPEG_QUALITY = 0.8;

export class Session {
  #id = '';
  /** @type {?number} */ #firstUs = null;
  /** @type {?number} */ #clipStartUs = null;
  #playing = false;

  /**
   * @param {Object} options
   * @param {Source} options.source
   * @param {Settings} options.settings
   * @param {number} options.fps
   * @param {HTMLCanvasElement} options.canvas shows each picture, as the server gets it
   * @param {Handlers} options.handlers
   */
  constructor({ source, settings, fps, canvas, handlers }) {
    this.source = source;
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { alpha: false }));
    this.handlers = handlers;
    this.telemetry = new Telemetry(performance.now());
    const { protocol, host } = window.location;
    this.stream = new Stream({
      url: `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/ws/analyze`,
      readyUrl: '/health/ready',
      settings,
      onState: (state, detail) => this.#entered(state, detail),
      onMessage: (message) => this.#received(message),
    });
    this.sender = new FrameSender({
      stream: this.stream,
      encode: () => this.#encode(),
      fps,
      onSent: (seq, captureUs) => this.#sent(seq, captureUs),
      onSkipped: () => this.telemetry.skipped(),
    });
  }

  start() {
    if (this.source.kind === 'camera') this.#play();
    this.stream.open();
  }

  /** No more pictures; the last jumps and the summary still come. */
  stop() {
    this.source.stop();
    this.stream.stop();
  }

  #play() {
    if (this.#playing) return;
    this.#playing = true;
    this.source.start((picture) => this.#picture(picture), this.handlers.onSourceEnded);
  }

  /**
   * @param {Object} picture
   * @param {CanvasImageSource} picture.image
   * @param {number} picture.width
   * @param {number} picture.height
   * @param {number} picture.captureUs
   * @param {Uint8Array} [picture.jpeg]
   */
  #picture({ image, width, height, captureUs, jpeg }) {
    const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
    const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
    if (this.canvas.width !== size.width || this.canvas.height !== size.height) {
      Object.assign(this.canvas, size);
      this.handlers.onShape();
    }
    this.context.drawImage(image, 0, 0, size.width, size.height);
    this.#clipStartUs ??= captureUs;
    this.sender.offer({ captureUs, jpeg });
  }

  /** @returns {Promise<?ArrayBuffer>} */
  async #encode() {
    /** @type {?Blob} */
    const blob = await new Promise((resolve) => this.canvas.toBlob(resolve, 'image/jpeg', JPEG_QUALITY));
    return blob && blob.arrayBuffer();
  }

  /** @param {number} seq @param {number} captureUs */
  #sent(seq, captureUs) {
    this.#firstUs ??= captureUs;
    this.telemetry.sent(seq, performance.now());
  }

  /** @param {import('./stream.js').State} state @param {import('./stream.js').Detail} detail */
  #entered(state, detail) {
    if (state === 'live') {
      this.telemetry.reconnected();
      this.#firstUs = null;
      this.#play();
    } else if (state === 'ended') {
      this.source.stop();
    }
    this.handlers.onState(state, detail);
  }

  /** @param {import('./protocol.js').Message} message */
  #received(message) {
    switch (message.type) {
      case 'started':
        this.#id = message.session;
        this.handlers.onStarted(message);
        break;
      case 'frame':
        this.telemetry.answered(message, performance.now());
        this.handlers.onAnswer(message);
        break;
      case 'jump':
        this.#jump(message);
        break;
      case 'error':
        if (!message.fatal) this.handlers.onFault(message.code);
        break;
      case 'summary':
        message.jumps.forEach((jump) => this.#jump(jump));
        this.handlers.onSummary(message);
        break;
    }
  }

  /** @param {import('./protocol.js').Jump} message */
  #jump({ type, ...jump }) {
    const { source } = this;
    const truth = source.kind === 'demo' && truthOf(source.header.truth, this.#clipTime(jump.events_s.takeoff));
    this.handlers.onJump(this.#id, jump, truth ? truth.metrics : undefined);
  }

  /**
   * @param {number|undefined} seconds since the connection's first frame
   * @returns {number|undefined} since the clip's first picture
   */
  #clipTime(seconds) {
    if (seconds === undefined || this.#firstUs === null || this.#clipStartUs === null) return undefined;
    return seconds + (this.#firstUs - this.#clipStartUs) / 1e6;
  }
}
