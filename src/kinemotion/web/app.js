/** Wires the page: buttons to sessions, and what sessions report to the screen. */

import { fetchAsGuest, tokenTrouble, useToken, wantsToken } from './access.js';
import { Camera, CameraError, listCameras } from './camera.js';
import { announcement } from './cards.js';
import { Demo } from './demo.js';
import { letSleep, remember, remembered, save, stayAwake } from './device.js';
import { cameraChoice, isValid, offerCameras, offerQualities, prepareForm, settings } from './form.js';
import { JumpLog } from './jumps.js';
import { clearLive, showLive } from './live.js';
import * as notice from './notice.js';
import * as screen from './screen.js';
import { Session } from './session.js';
import { summaryOf } from './summary.js';
import { FORGET, HINTS, RENEWED, SOURCES, TROUBLE, otherQuality } from './words.js';

const { part } = screen;
const REFRESH_MS = 500;
const NOBODY_AFTER_MS = 1500;
const FADE_AFTER_MS = 600;
const DEMO_FPS_LIMIT = 120;

const log = new JumpLog(remembered());
/** @type {?Session} */ let session = null;
let opening = 0;
let wasSetUpOpen = false;
let retryAtMs = 0;
let seenMs = 0;
let answeredMs = 0;
let connections = 0;
/** @type {?import('./protocol.js').Summary} */ let summary = null;
/** @type {Set<import('./jumps.js').Entry>} this session's jumps */ const measured = new Set();

/**
 * @typedef {{source: import('./session.js').Source, chosen: import('./protocol.js').Settings, fps: number}} Opened
 * @param {() => Promise<Opened>} open
 */
async function begin(open) {
  if (session) return;
  const attempt = ++opening;
  notice.hideNotice();
  screen.showMode('running');
  screen.showConnection('opening');
  screen.showPhase('', HINTS.starting);
  screen.showPose(null);
  screen.showLast(null);
  clearLive();
  wasSetUpOpen = part('setup').open;
  part('setup').open = false;
  part('stop').focus();
  /** @type {?Opened} */ let opened = null;
  try {
    opened = await open();
    if (attempt === opening) run(opened);
    else opened.source.stop();
  } catch (error) {
    opened?.source.stop();
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
  connections = 0;
  seenMs = performance.now();
  screen.showSource(SOURCES[source.kind]);
  part('mirror').hidden = isDemo;
  screen.showMirrored(source.mirrored);
  const athlete = { id: chosen.athlete_id, height_m: chosen.height_m, mass_kg: chosen.mass_kg };
  session = new Session({
    source,
    settings: chosen,
    fps,
    canvas: part('picture'),
    handlers: {
      onState: entered,
      onStarted: ({ config }) => confirm(config, chosen.quality),
      onAnswer: answered,
      onJump: (id, jump, truth) => jumped(log.put(id, jump, { source: source.kind, athlete, truth })),
      onSummary: (message) => {
        summary = message;
      },
      onFault: (code) => notice.showNotice(TROUBLE[code] ?? TROUBLE.closed, 'mild'),
      onShape: screen.fitView,
      onSourceEnded: () => {
        finish();
        if (!isDemo) notice.showTrouble('camera_gone');
      },
    },
  });
  session.start();
  stayAwake();
}

/** @param {unknown} error */
function fail(error) {
  backToStart();
  notice.showTrouble(error instanceof CameraError ? error.reason : 'demo_failed');
  if (!(error instanceof CameraError)) checkAccess(true);
}

/**
 * Asks for a token where the server wants one.
 *
 * @param {boolean} [tried] whether somebody has tried to do without one
 */
async function checkAccess(tried = false) {
  const wanted = await wantsToken();
  screen.showAccess(wanted);
  const trouble = tokenTrouble();
  if (wanted && !session && (tried || trouble === 'token_invalid')) notice.showTrouble(trouble);
  else if (!wanted) offerInstalled();
}

/** @param {Event} event */
function enter(event) {
  event.preventDefault();
  useToken(part('token').value);
  notice.hideNotice();
  checkAccess();
}

/** Marks what is not installed; if the server does not say, a start does. */
function offerInstalled() {
  fetchAsGuest('/health/detailed')
    .then((response) => response.json())
    .then(({ models }) => offerQualities(models))
    .catch(() => {});
}

function finish() {
  opening += 1;
  notice.hideNotice();
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
  clearLive();
  letSleep();
}

/** @param {import('./stream.js').State} state @param {import('./stream.js').Detail} detail */
function entered(state, { reason = '', delayMs }) {
  retryAtMs = performance.now() + (delayMs ?? 0);
  screen.showConnection(state, delayMs);
  if (state === 'waiting') {
    notice.showInterruption(reason);
    screen.showPose(null);
    screen.showPhase('', '');
  } else if (state === 'connecting' && reason === 'session_expired') {
    notice.showPassing(RENEWED);
  } else if (state === 'live') {
    notice.endInterruption();
    screen.showPhase('', HINTS.starting);
  } else if (state === 'finishing') {
    part('stop').disabled = true;
    screen.showPose(null);
    screen.showPhase('', HINTS.finishing);
  } else if (state === 'ended') {
    part('stop').disabled = false;
    if (summary || measured.size > 0) summarise();
    back(summary || measured.size > 0 ? 'summary' : 'idle');
    if (reason === 'token') screen.showAccess(true);
    if (reason === 'token') notice.showTrouble(tokenTrouble());
    else if (!['done', 'stopped'].includes(reason)) notice.showTrouble(reason);
  }
}

/**
 * Says once in a run that another quality is used.
 *
 * @param {{quality?: string}} config the effective one
 * @param {string} wished
 */
function confirm({ quality }, wished) {
  connections += 1;
  if (quality && quality !== wished && connections === 1) {
    notice.showNotice(otherQuality(wished, quality), 'mild');
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
  showLive(t_us / 1e6, live ?? {});
}

/** @param {?import('./jumps.js').Entry} entry */
function jumped(entry) {
  if (entry === null) return;
  measured.add(entry);
  screen.showCard(entry);
  screen.showLast(entry);
  screen.showLog(log);
  screen.announce(announcement(entry));
  remember(log.save());
}

function summarise() {
  const entries = log.entries.filter((entry) => measured.has(entry));
  const shown = summaryOf(entries, summary, connections === 1);
  screen.showSummary(shown);
  screen.announce(`${shown.title}. ${shown.figures.map((pair) => pair.join(' ')).join(', ')}`);
}

/** Forgets every jump, wherever it shows. */
function clear() {
  if (!window.confirm(FORGET)) return;
  log.clear();
  measured.clear();
  remember(log.save());
  screen.showLog(log);
  screen.showLast(null);
  if (!part('summary').hidden) {
    screen.showMode('idle');
    screen.showConnection('idle');
  }
}

function refresh() {
  if (!session) return;
  const now = performance.now();
  screen.showTelemetry(session.telemetry.report(now));
  if (session.stream.state === 'waiting') screen.showConnection('waiting', retryAtMs - now);
  if (now - answeredMs > FADE_AFTER_MS) screen.showPose(null);
}

part('start').addEventListener('click', () => isValid() && begin(openCamera));
part('demo').addEventListener('click', () => begin(openDemo));
part('stop').addEventListener('click', finish);
part('retry').addEventListener('click', () => session?.stream.retryNow());
part('access').addEventListener('submit', enter);
part('dismiss').addEventListener('click', notice.hideNotice);
part('mirror').addEventListener('click', () => screen.showMirrored(!part('view').classList.contains('mirrored')));
part('export-csv').addEventListener('click', () => save('csv', 'text/csv', log.toCsv()));
part('export-json').addEventListener('click', () => save('json', 'application/json', log.toJson()));
part('clear').addEventListener('click', clear);
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
checkAccess();
