/**
 * The drawn athlete: a clip whose truth is known, streamed from the server and played at its own pace.
 *
 * The clip is a stream of records, each a length (u32, network byte order) and a payload: first a JSON header, then for
 * every picture its time (u64, microseconds) and a JPEG.
 *
 * @typedef {Uint8Array<ArrayBuffer>} Bytes
 * @typedef {AsyncIterable<Bytes>|ReadableStream<Bytes>} Chunks
 *
 * @typedef {Object} Truth
 * @property {string} movement
 * @property {Object<string, number>} events_s
 * @property {Object<string, number>} metrics
 *
 * @typedef {{captureUs: number, jpeg: Uint8Array<ArrayBuffer>}} DrawnPicture
 * @typedef {DrawnPicture & {image: ImageBitmap, width: number, height: number}} ShownPicture
 *
 * @typedef {Object} ClipHeader
 * @property {number} fps
 * @property {number} width
 * @property {number} height
 * @property {number} frames
 * @property {Truth[]} truth
 */

import { authorization } from './access.js';

const LENGTH_BYTES = 4;
const TIME_BYTES = 8;
const HEAD_START_S = 0.5;
const SAME_JUMP_S = 0.5;

/**
 * @param {Chunks} chunks cut anywhere
 * @returns {AsyncGenerator<Bytes>} the payload of each record
 */
export async function* records(chunks) {
  let rest = new Uint8Array(0);
  for await (const chunk of iterate(chunks)) {
    rest = joined(rest, chunk);
    let start = 0;
    while (rest.length - start >= LENGTH_BYTES) {
      const length = new DataView(rest.buffer, rest.byteOffset + start).getUint32(0);
      const end = start + LENGTH_BYTES + length;
      if (rest.length < end) break;
      yield rest.slice(start + LENGTH_BYTES, end);
      start = end;
    }
    rest = rest.subarray(start);
  }
}

/**
 * @param {Bytes} record of a picture
 * @returns {DrawnPicture}
 */
export function parsePicture(record) {
  const view = new DataView(record.buffer, record.byteOffset);
  return { captureUs: Number(view.getBigUint64(0)), jpeg: record.subarray(TIME_BYTES) };
}

/**
 * @param {Truth[]} truth of the clip
 * @param {number|undefined} takeoffS of a measured jump, in the clip's time
 * @returns {Truth|undefined} the drawn jump that it is
 */
export function truthOf(truth, takeoffS) {
  if (takeoffS === undefined) return undefined;
  return truth.find(({ events_s }) => Math.abs(events_s.takeoff - takeoffS) < SAME_JUMP_S);
}

export class Demo {
  kind = /** @type {const} */ ('demo');
  mirrored = false;
  #running = true;
  #abort;
  /** @type {DrawnPicture[]} */ #queue = [];
  #complete = false;
  #notify = () => {};

  /** @param {ClipHeader} header @param {AsyncGenerator<Bytes>} pictures @param {AbortController} abort */
  constructor(header, pictures, abort) {
    this.header = header;
    this.#abort = abort;
    this.#fill(pictures);
  }

  /**
   * @param {string} movement
   * @returns {Promise<Demo>}
   */
  static async open(movement) {
    const abort = new AbortController();
    const response = await fetch(`/demo/clip?movement=${movement}`, { signal: abort.signal, headers: authorization() });
    if (!response.ok || response.body === null) throw new Error(`the clip was answered with ${response.status}`);
    const pictures = records(response.body);
    const { value } = await pictures.next();
    return new Demo(JSON.parse(new TextDecoder().decode(value)), pictures, abort);
  }

  /**
   * @param {(picture: ShownPicture) => void} onPicture
   * @param {() => void} onEnded the clip is over
   */
  async start(onPicture, onEnded) {
    while (await this.#buffered()) await this.#play(onPicture);
    if (this.#running) onEnded();
  }

  stop() {
    this.#running = false;
    this.#abort.abort();
    this.#notify();
  }

  /**
   * Plays what is there, at the pace of the pictures' own times.
   *
   * @param {(picture: ShownPicture) => void} onPicture
   */
  async #play(onPicture) {
    const startedMs = performance.now();
    const fromUs = this.#queue[0].captureUs;
    for (let picture = this.#queue.shift(); picture && this.#running; picture = this.#queue.shift()) {
      const image = await createImageBitmap(new Blob([picture.jpeg], { type: 'image/jpeg' })).catch(() => null);
      if (!image) continue;
      const dueMs = startedMs + (picture.captureUs - fromUs) / 1000;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
      if (this.#running) onPicture({ image, width: image.width, height: image.height, ...picture });
      image.close();
    }
  }

  /** Waits for a head start, for the server may draw more slowly than time passes. False: nothing is left to play. */
  async #buffered() {
    const wanted = Math.max(1, this.header.fps * HEAD_START_S);
    while (this.#running && !this.#complete && this.#queue.length < wanted) {
      await new Promise((resolve) => {
        this.#notify = () => resolve(undefined);
      });
    }
    return this.#running && this.#queue.length > 0;
  }

  /** @param {AsyncGenerator<Bytes>} pictures */
  async #fill(pictures) {
    try {
      for await (const record of pictures) {
        this.#queue.push(parsePicture(record));
        this.#notify();
      }
    } catch {
      // what has arrived is played; a clip cut short ends early
    }
    this.#complete = true;
    this.#notify();
  }
}

/** @param {Bytes} head @param {Bytes} tail @returns {Bytes} */
function joined(head, tail) {
  if (head.length === 0) return tail;
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}

/** Not every browser can iterate over a stream. @param {Chunks} chunks */
async function* iterate(chunks) {
  if (!(chunks instanceof ReadableStream)) {
    yield* chunks;
    return;
  }
  const reader = chunks.getReader();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    if (value) yield value;
  }
}
