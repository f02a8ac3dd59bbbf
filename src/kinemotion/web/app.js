/** Wires the page: buttons to sessions, and what sessions report to the screen. */

import { Camera, CameraError, listCameras } from './camera.js';
import { announcement } from './cards.js';
import { Demo } from './demo.js';
import { cameraChoice, isValid, offerCameras, prepareForm, settings } from './form.js';
import { measure } from './format.js';
import { JumpLog } from './jumps.js';
import * as screen from './screen.js';
import { Session } from './session.js';
import { FORGET, HINTS, SOURCES, TROUBLE, account, count, otherQuality } from './words.js';

const { part } = screen;
const MEMORY = 'kinemotion.jumps';
const REFRESH_MS = 500;
const NOBODY_AFTER_MS = 1500;
const FADE_AFTER_MS = 600;
const DEMO_FPS_LIMIT = 120;

const log = new JumpLog(remembered());
/** @type {?Session} */ let session = null;
/** @type {?{release: () => Promise<void>}} */ let wakeLock = null;
let opening = 0;
let wasSetUpOpen = false;
let retryAtMs = 0;
let seenMs = 0;
let answeredMs = 0;
/** @type {?import('./protocol.js').Summary} */ let summary = null;
/** @type {Set<number>} the numbers of this session's jumps */ const measured = new Set();

/**
 * @typedef {{source: import('./session.js').Source, chosen: import('./protocol.js').Settings, fps: number}} Opened
 * @param {() => Promise<Opened>} open
 */
async function begin(open) {
  if (session || !isValid()) return;
  const attempt = ++opening;
  screen.hideNotice();
  screen.showMode('running');
  screen.showConnection('opening');
  screen.showPhase('', HINTS.starting);
  screen.showPose(null);
  part('last').textContent = '';
  wasSetUpOpen = part('setup').open;
  part('setup').open = false;
  part('stop').focus();
  try {
    const opened = await open();
    if (attempt === opening) run(opened);
    else opened.source.stop();
  } catch (error) {
    if (attempt === opening) fail(error);
  }
}

async function openCamera() {
  const { camera, fps } = cameraChoice();
  const source = await Camera.open(camera, fps);
  offerCameras(await listCameras());
  return { source, chosen: settings(), fps };
}

async function openDemo() {
  screen.showPhase('', HINTS.drawing);
  const { movement, quality } = settings();
  const drawn = movement === 'auto' ? 'cmj' : movement;
  const source = await Demo.open(drawn);
  return { source, chosen: { movement, quality }, fps: DEMO_FPS_LIMIT };
}

/** @param {Opened} opened */
function run({ source, chosen, fps }) {
  const isDemo = source.kind === 'demo';
  measured.clear();
  summary = null;
  seenMs = performance.now();
  screen.showSource(SOURCES[source.kind]);
  part('mirror').hidden = isDemo;
  screen.showMirrored(source.mirrored);
  session = new Session({
    source,
    settings: chosen,
    fps,
    canvas: part('picture'),
    handlers: {
      onState: entered,
      onStarted: ({ config }) => confirm(config, chosen.quality),
      onAnswer: answered,
      onJump: (id, jump, truth) => jumped(log.put(id, jump, { source: source.kind, truth })),
      onSummary: (message) => {
        summary = message;
      },
      onFault: (code) => screen.showNotice(TROUBLE[code] ?? TROUBLE.closed, 'mild'),
      onShape: screen.fitView,
      onSourceEnded: () => {
        if (!isDemo) screen.showTrouble('camera_gone');
        finish();
      },
    },
  });
  session.start();
  stayAwake();
}

/** @param {unknown} error */
function fail(error) {
  backToStart();
  screen.showTrouble(error instanceof CameraError ? error.reason : 'demo_failed');
}

function finish() {
  opening += 1;
  if (session) {
    session.stop();
  } else {
    backToStart();
  }
}

function backToStart() {
  back('idle');
  part('setup').open = wasSetUpOpen;
  screen.showConnection('idle');
}

/** @param {'idle'|'summary'} mode */
function back(mode) {
  const focused = document.activeElement === part('stop');
  session = null;
  screen.showMode(mode);
  part('mirror').hidden = true;
  if (focused) part('start').focus();
  wakeLock?.release().catch(() => {});
  wakeLock = null;
}

/** @param {import('./stream.js').State} state @param {import('./stream.js').Detail} detail */
function entered(state, { reason = '', delayMs }) {
  retryAtMs = performance.now() + (delayMs ?? 0);
  screen.showConnection(state, delayMs);
  if (state === 'waiting') {
    screen.showInterruption(reason);
    screen.showPose(null);
    screen.showPhase('', '');
  } else if (state === 'live') {
    screen.hideNotice();
    screen.showPhase('', HINTS.starting);
  } else if (state === 'finishing') {
    part('stop').disabled = true;
    screen.showPose(null);
    screen.showPhase('', HINTS.finishing);
  } else if (state === 'ended') {
    part('stop').disabled = false;
    if (summary || measured.size > 0) summarise();
    back(summary || measured.size > 0 ? 'summary' : 'idle');
    if (!['done', 'stopped'].includes(reason)) screen.showTrouble(reason);
  }
}

/** @param {{quality?: string}} config the effective one @param {string} wished */
function confirm({ quality }, wished) {
  if (quality && quality !== wished) {
    screen.showNotice(otherQuality(wished, quality), 'mild');
  }
}

/** @param {import('./protocol.js').FrameAnswer} answer */
function answered({ phase, pose, live, t_us }) {
  if (session?.stream.state !== 'live') return;
  answeredMs = performance.now();
  if (phase !== 'no_pose') seenMs = answeredMs;
  const nobody = answeredMs - seenMs > NOBODY_AFTER_MS;
  screen.showPhase(phase, nobody ? HINTS.nobody : '');
  screen.showPose(pose);
  screen.showLive(t_us / 1e6, live ?? {});
}

/** @param {import('./jumps.js').Entry} entry */
function jumped(entry) {
  measured.add(entry.number);
  screen.showCard(entry);
  screen.showLast(entry);
  screen.showLog(log);
  screen.announce(announcement(entry));
  remember();
}

/** Without the server's account of the session, what came until its end is what there is. */
function summarise() {
  const heights = log.entries
    .filter(({ number, jump }) => measured.has(number) && jump.metrics.jump_height_m !== undefined)
    .map(({ jump }) => jump.metrics.jump_height_m);
  const title = count(measured.size);
  const mean = heights.reduce((sum, height) => sum + height, 0) / heights.length;
  /** @type {[string, string][]} */
  const figures = heights.length === 0 ? [] : [['Best', measure('jump_height_m', Math.max(...heights))]];
  if (heights.length > 1) figures.push(['Mean', measure('jump_height_m', mean)]);
  screen.showSummary({ title, figures, frames: summary ? account(summary.frames) : '' });
  screen.announce(`${title}. ${figures.map((pair) => pair.join(' ')).join(', ')}`);
}

/** @param {string} name @param {string} type @param {string} text */
function save(name, type, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = `kinemotion-${new Date().toISOString().slice(0, 16).replace(':', '')}.${name}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function remembered() {
  try {
    return sessionStorage.getItem(MEMORY);
  } catch {
    return null;
  }
}

function remember() {
  try {
    sessionStorage.setItem(MEMORY, log.save());
  } catch {
    // the jumps stay on the page
  }
}

/** A phone on a tripod must not fall asleep. */
async function stayAwake() {
  try {
    wakeLock = await navigator.wakeLock.request('screen');
    if (!session) await wakeLock?.release();
  } catch {
    // not every browser has it
  }
}

function refresh() {
  if (!session) return;
  const now = performance.now();
  screen.showTelemetry(session.telemetry.report(now));
  if (session.stream.state === 'waiting') screen.showConnection('waiting', retryAtMs - now);
  if (now - answeredMs > FADE_AFTER_MS) screen.showPose(null);
}

part('start').addEventListener('click', () => begin(openCamera));
part('demo').addEventListener('click', () => begin(openDemo));
part('stop').addEventListener('click', finish);
part('retry').addEventListener('click', () => session?.stream.retryNow());
part('dismiss').addEventListener('click', screen.hideNotice);
part('mirror').addEventListener('click', () => screen.showMirrored(!part('view').classList.contains('mirrored')));
part('export-csv').addEventListener('click', () => save('csv', 'text/csv', log.toCsv()));
part('export-json').addEventListener('click', () => save('json', 'application/json', log.toJson()));
part('clear').addEventListener('click', () => {
  if (!window.confirm(FORGET)) return;
  log.clear();
  measured.clear();
  remember();
  screen.showLog(log);
});
part('cards').addEventListener('click', (/** @type {Event} */ event) => {
  const details = /** @type {Element} */ (event.target).closest('details');
  if (details) details.dataset.kept = 'true';
});
document.addEventListener('visibilitychange', () => {
  if (session && document.visibilityState === 'visible') stayAwake();
});
setInterval(refresh, REFRESH_MS);

if (window.matchMedia('(max-width: 60rem)').matches) part('setup').open = false;
prepareForm();
log.entries.forEach(screen.showCard);
screen.showLog(log);
listCameras().then(offerCameras, () => {});
