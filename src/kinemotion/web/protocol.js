/**
 * The wire, `kinemotion.v1`: messages to bytes and back. No socket, no clock.
 *
 * @typedef {Object} Settings what the form holds, in the wire's units
 * @property {'auto'|'cmj'|'sj'|'dj'} movement
 * @property {'fast'|'balanced'|'accurate'} quality
 * @property {string} [athlete_id]
 * @property {number} [height_m]
 * @property {number} [mass_kg]
 * @property {number} [drop_height_m]
 *
 * @typedef {Object} FrameAnswer
 * @property {'frame'} type
 * @property {number} seq
 * @property {number} t_us
 * @property {number} received
 * @property {number} dropped
 * @property {string} phase
 * @property {?number[][]} pose 33 rows of x, y, z, visibility; x and y are fractions of the picture
 * @property {Object<string, number>} live
 * @property {Object<string, number>} timing_ms
 *
 * @typedef {Object} Jump
 * @property {'jump'} [type] absent within a summary
 * @property {number} index
 * @property {boolean} final
 * @property {string} movement
 * @property {Object<string, number>} events_s
 * @property {Object<string, number>} metrics
 * @property {Object<string, number>} uncertainty
 * @property {{grade: string, fps: number, frames: number, frames_in_flight: number, warnings: string[]}} quality
 *
 * @typedef {{type: 'started', session: string, config: {quality?: string}}} Started
 * @typedef {{type: 'error', code: string, message: string, fatal: boolean, seq?: number}} Fault
 * @typedef {{received: number, analysed: number, dropped: number}} Tally
 * @typedef {{type: 'summary', frames: Tally, jumps: Jump[]}} Summary
 * @typedef {Started|FrameAnswer|(Jump & {type: 'jump'})|Fault|Summary} Message
 */

export const SUBPROTOCOL = 'kinemotion.v1';
const HEADER_BYTES = 16;

const FRAME_KIND = 1;

/**
 * @param {number} seq the frame's number, greater than the one before
 * @param {number} captureUs when it was taken, in microseconds of the camera's own clock
 * @param {ArrayBuffer|Uint8Array} jpeg
 * @returns {Uint8Array} the binary message
 */
export function encodeFrame(seq, captureUs, jpeg) {
  const message = new Uint8Array(HEADER_BYTES + jpeg.byteLength);
  const header = new DataView(message.buffer, 0, HEADER_BYTES);
  header.setUint8(0, FRAME_KIND);
  header.setUint32(4, seq);
  header.setBigUint64(8, BigInt(captureUs));
  message.set(new Uint8Array(jpeg), HEADER_BYTES);
  return message;
}

/**
 * @param {Settings} settings
 * @returns {string} the message that opens a session; what is not known is left out
 */
export function startMessage({ movement, quality, athlete_id, height_m, mass_kg, drop_height_m }) {
  const athlete = athlete_id || height_m || mass_kg ? { id: athlete_id || undefined, height_m, mass_kg } : undefined;
  return JSON.stringify({ type: 'start', movement, quality, athlete, drop_height_m, send_pose: true });
}

/** @returns {string} the message that says no more frames will come */
export function stopMessage() {
  return JSON.stringify({ type: 'stop' });
}

/**
 * @param {unknown} data what a WebSocket delivered
 * @returns {?Message} null where it is none
 */
export function parseMessage(data) {
  if (typeof data !== 'string') return null;
  try {
    const message = JSON.parse(data);
    return typeof message?.type === 'string' ? message : null;
  } catch {
    return null;
  }
}
