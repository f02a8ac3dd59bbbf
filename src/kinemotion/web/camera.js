/**
 * The camera: opens it, tells which way it looks, and hands out each picture once with the time it was taken.
 */

const WIDTH = 640;
const HEIGHT = 480;

/** Why there is no camera; `reason` is a key of `TROUBLE` in words.js. */
export class CameraError extends Error {
  /** @param {string} reason */
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/** @type {Object<string, string>} what getUserMedia's failures mean */
const REASONS = {
  NotAllowedError: 'camera_denied',
  SecurityError: 'camera_denied',
  NotFoundError: 'camera_missing',
  OverconstrainedError: 'camera_missing',
  NotReadableError: 'camera_busy',
  AbortError: 'camera_busy',
};

/** @returns {Promise<{id: string, label: string}[]>} the cameras; without names before the first permission */
export async function listCameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices
    .filter(({ kind, deviceId, label }) => kind === 'videoinput' && deviceId && label)
    .map(({ deviceId, label }) => ({ id: deviceId, label }));
}

/**
 * @param {string} label
 * @param {string} [facing] as the camera itself says
 * @returns {boolean} whether people expect to see themselves as in a mirror
 */
export function isMirrored(label, facing) {
  if (facing) return facing === 'user';
  return !/\b(back|rear|environment)\b/i.test(label);
}

export class Camera {
  kind = /** @type {const} */ ('camera');
  #running = true;

  /** @param {MediaStream} media @param {HTMLVideoElement} video */
  constructor(media, video) {
    const [track] = media.getVideoTracks();
    this.media = media;
    this.video = video;
    this.track = track;
    this.mirrored = isMirrored(track.label, track.getSettings().facingMode);
  }

  /**
   * @param {string} choice `user`, `environment`, or a device's id
   * @param {number} fps
   * @returns {Promise<Camera>}
   * @throws {CameraError}
   */
  static async open(choice, fps) {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new CameraError(window.isSecureContext ? 'camera_unsupported' : 'camera_insecure');
    }
    const isDirection = choice === 'user' || choice === 'environment';
    const which = isDirection ? { facingMode: { ideal: choice } } : { deviceId: { exact: choice } };
    const wanted = { width: { ideal: WIDTH }, height: { ideal: HEIGHT }, frameRate: { ideal: fps } };
    /** @type {?MediaStream} */ let media = null;
    try {
      media = await navigator.mediaDevices.getUserMedia({ audio: false, video: { ...which, ...wanted } });
      return new Camera(media, await played(media));
    } catch (error) {
      media?.getTracks().forEach((track) => track.stop());
      throw new CameraError(REASONS[/** @type {Error} */ (error).name] ?? 'camera_failed');
    }
  }

  /**
   * @param {(picture: {image: CanvasImageSource, width: number, height: number, captureUs: number}) => void} onPicture
   * @param {() => void} onEnded the camera went away
   */
  start(onPicture, onEnded) {
    const { video } = this;
    let lastUs = -1;
    const deliver = (/** @type {number} */ atMs) => {
      const captureUs = Math.round(atMs * 1000);
      if (captureUs <= lastUs || video.videoWidth === 0) return;
      lastUs = captureUs;
      onPicture({ image: video, width: video.videoWidth, height: video.videoHeight, captureUs });
    };
    this.track.onended = onEnded;
    if ('requestVideoFrameCallback' in video) this.#follow(deliver);
    else this.#poll(deliver);
  }

  stop() {
    this.#running = false;
    this.track.onended = null;
    for (const track of this.media.getTracks()) track.stop();
    this.video.srcObject = null;
    this.video.remove();
  }

  /** @param {(atMs: number) => void} deliver */
  #follow(deliver) {
    /** @type {VideoFrameRequestCallback} */
    const next = (now, metadata) => {
      if (!this.#running) return;
      this.video.requestVideoFrameCallback(next);
      deliver(metadata.captureTime ?? now);
    };
    this.video.requestVideoFrameCallback(next);
  }

  /** @param {(atMs: number) => void} deliver */
  #poll(deliver) {
    let lastTime = -1;
    const next = (/** @type {number} */ now) => {
      if (!this.#running) return;
      requestAnimationFrame(next);
      if (this.video.currentTime !== lastTime) deliver(now);
      lastTime = this.video.currentTime;
    };
    requestAnimationFrame(next);
  }
}

/**
 * @param {MediaStream} media
 * @returns {Promise<HTMLVideoElement>} playing; in the page, for some phones give no pictures of a video outside of it
 */
async function played(media) {
  const video = document.createElement('video');
  video.className = 'feed';
  video.ariaHidden = 'true';
  video.muted = true;
  video.playsInline = true;
  video.srcObject = media;
  document.body.append(video);
  try {
    await video.play();
  } catch (error) {
    video.remove();
    throw error;
  }
  return video;
}
