/**
 * The connection to the server: it starts a session, carries frames, and comes back by itself when it is lost.
 *
 *     connecting ──started──> live ──stop()──> finishing ──summary──> ended
 *         ↑                    │
 *         └────── waiting <────┘  close codes that may pass
 *
 * A session that reached its greatest length is followed by a new one at once. Any other close code, and stop() while
 * no session is live, lead to `ended`.
 *
 * @typedef {'connecting'|'live'|'waiting'|'finishing'|'ended'} State
 *
 * @typedef {Object} Detail
 * @property {string} [reason] a key of `CONNECTION` in words.js
 * @property {number} [delayMs] how long until the next attempt
 * @property {string} [message] the server's own words
 */

import { fetchAsGuest, subprotocols } from './access.js';
import { encodeFrame, parseMessage, startMessage, stopMessage } from './protocol.js';

const PASSING_CODES = new Map([
  [1001, 'draining'],
  [1006, 'lost'],
  [1011, 'internal'],
  [1012, 'draining'],
  [1013, 'full'],
]);
const DOOR = new Map([
  [401, 'token'],
  [429, 'crowded'],
  [503, 'unready'],
]);
const EXPIRED = 'session_expired';
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
const STARTED_WITHIN_MS = 10_000;
const SUMMARY_WITHIN_MS = 15_000;
const REFUSALS_BEFORE_GIVING_UP = 4;

/**
 * Exponential back-off with full jitter.
 *
 * @param {number} attempt 0 for the first
 * @param {number} random 0 to 1
 * @returns {number} milliseconds
 */
export function backoffMs(attempt, random) {
  return random * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
}

/** @param {Response} response @returns {number} how long it asks to wait */
function waitMs({ headers }) {
  return 1000 * (Number(headers.get('retry-after')) || 0);
}

export class Stream {
  /** @type {State} */ state = 'connecting';
  /** @type {?WebSocket} */ #socket = null;
  #seq = 0;
  #frameBytes = 0;
  #attempt = 0;
  #refusals = 0;
  #summarised = false;
  /** @type {?import('./protocol.js').Fault} */ #fatal = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #timer;
  #tools;

  /**
   * @param {Object} options
   * @param {string} options.url of the WebSocket
   * @param {string} options.readyUrl tells why the server has no room
   * @param {string} [options.accessUrl] tells why it does not let this page in
   * @param {import('./protocol.js').Settings} options.settings
   * @param {(state: State, detail: Detail) => void} options.onState
   * @param {(message: import('./protocol.js').Message) => void} options.onMessage
   * @param {{WebSocket?: typeof WebSocket, fetch?: typeof fetchAsGuest, random?: () => number}} [options.tools] for tests
   */
  constructor({ url, readyUrl, accessUrl = '/access', settings, onState, onMessage, tools = {} }) {
    this.url = url;
    this.readyUrl = readyUrl;
    this.accessUrl = accessUrl;
    this.settings = settings;
    this.onState = onState;
    this.onMessage = onMessage;
    this.#tools = {
      WebSocket: globalThis.WebSocket,
      fetch: fetchAsGuest,
      random: Math.random,
      ...tools,
    };
  }

  /** @param {string} [reason] what ended the session before */
  open(reason) {
    this.#enter('connecting', reason === undefined ? {} : { reason });
    this.#fatal = null;
    const socket = new this.#tools.WebSocket(this.url, subprotocols());
    let opened = false;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      opened = true;
      socket.send(startMessage(this.settings));
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code }) => {
      if (socket === this.#socket) this.#closed(code, opened);
    };
    this.#socket = socket;
    this.#after(STARTED_WITHIN_MS, () => {
      this.#drop();
      this.#retry('silent');
    });
  }

  /** Whether a frame may go out now: there is a session, and at most one frame waits in the socket. */
  get ready() {
    return this.state === 'live' && this.#socket !== null && this.#socket.bufferedAmount <= this.#frameBytes;
  }

  /**
   * @param {number} captureUs
   * @param {ArrayBuffer|Uint8Array} jpeg
   * @returns {?number} the frame's number; null if it could not be sent
   */
  send(captureUs, jpeg) {
    if (this.state !== 'live' || this.#socket === null) return null;
    const message = encodeFrame(this.#seq, captureUs, jpeg);
    this.#socket.send(message);
    this.#frameBytes = message.byteLength;
    return this.#seq++;
  }

  /** Ends the session; the server still sends the jumps it is working on, and the summary. */
  stop() {
    if (this.state === 'live') {
      this.#socket?.send(stopMessage());
      this.#enter('finishing');
      this.#after(SUMMARY_WITHIN_MS, () => this.#end('no_summary'));
    } else if (this.state !== 'finishing') {
      this.#end('stopped');
    }
  }

  /** Connects now instead of at the end of the delay. */
  retryNow() {
    if (this.state === 'waiting') this.open();
  }

  /** @param {unknown} data */
  #receive(data) {
    const message = parseMessage(data);
    if (message === null) return;
    if (message.type === 'started' && this.state === 'connecting') {
      clearTimeout(this.#timer);
      this.#refusals = 0;
      this.#enter('live');
    } else if (message.type === 'frame') {
      this.#attempt = 0; // a server that starts sessions only to end them at once is not asked ever faster
    } else if (message.type === 'error' && message.fatal) {
      this.#fatal = message;
    } else if (message.type === 'summary') {
      this.#summarised = true;
    }
    this.onMessage(message);
  }

  /** @param {number} code @param {boolean} opened */
  async #closed(code, opened) {
    clearTimeout(this.#timer);
    this.#socket = null;
    if (this.state === 'finishing') {
      this.#end(this.#summarised ? 'done' : 'no_summary');
    } else if (this.#fatal?.code === EXPIRED) {
      this.#renew();
    } else if (!PASSING_CODES.has(code)) {
      this.#end(this.#fatal?.code ?? 'closed', this.#fatal?.message);
    } else if (opened) {
      this.#retry(this.#fatal?.code ?? PASSING_CODES.get(code) ?? 'lost');
    } else {
      await this.#refused();
    }
  }

  /** A server that ends new sessions before their first answer is not asked at once again. */
  #renew() {
    if (this.#attempt > 0) {
      this.#retry(EXPIRED);
    } else {
      this.#attempt = 1;
      this.open(EXPIRED);
    }
  }

  /** A page is not told why its handshake was refused, so it asks. */
  async #refused() {
    const { reason, afterMs } = await this.#readiness();
    if (this.state !== 'connecting') return;
    this.#refusals = reason === 'refused' ? this.#refusals + 1 : 0;
    if (reason === 'token') this.#end(reason);
    else if (this.#refusals < REFUSALS_BEFORE_GIVING_UP) this.#retry(reason, afterMs);
    else this.#end('refused');
  }

  /** @returns {Promise<{reason: string, afterMs?: number}>} */
  async #readiness() {
    try {
      const response = await this.#tools.fetch(this.readyUrl);
      const text = (await response.text()).toLowerCase();
      if (response.ok) return await this.#admission();
      const afterMs = waitMs(response);
      return { reason: ['draining', 'full', 'model'].find((word) => text.includes(word)) ?? 'unready', afterMs };
    } catch {
      return { reason: 'unreachable' };
    }
  }

  /** @returns {Promise<{reason: string, afterMs?: number}>} */
  async #admission() {
    const response = await this.#tools.fetch(this.accessUrl);
    return { reason: DOOR.get(response.status) ?? 'refused', afterMs: waitMs(response) };
  }

  /** @param {string} reason @param {number} [atLeastMs] */
  #retry(reason, atLeastMs = 0) {
    const delayMs = atLeastMs + backoffMs(this.#attempt, this.#tools.random());
    this.#attempt += 1;
    this.#enter('waiting', { reason, delayMs });
    this.#after(delayMs, () => this.open());
  }

  /** @param {string} reason @param {string} [message] */
  #end(reason, message) {
    if (this.state === 'ended') return;
    clearTimeout(this.#timer);
    this.#drop();
    this.#enter('ended', { reason, message });
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
  }

  /** @param {State} state @param {Detail} [detail] */
  #enter(state, detail = {}) {
    this.state = state;
    this.onState(state, detail);
  }

  /** @param {number} delayMs @param {() => void} action */
  #after(delayMs, action) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(action, delayMs);
  }
}
