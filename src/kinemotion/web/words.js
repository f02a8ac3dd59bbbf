/** What the page says, in one place. */

/** @type {Object<string, string>} */
export const PHASES = {
  no_pose: 'Nobody in view',
  standing: 'Standing',
  countermovement: 'Dipping',
  squat: 'Squat',
  propulsion: 'Pushing off',
  flight: 'Flight',
  landing: 'Landing',
  drop: 'Dropping',
  contact: 'Ground contact',
};

/** @type {Object<string, string>} */
export const MOVEMENTS = {
  auto: 'Jump',
  cmj: 'Countermovement jump',
  sj: 'Squat jump',
  dj: 'Drop jump',
};

/** @type {Object<string, string>} */
export const QUALITIES = { fast: 'Fast', balanced: 'Balanced', accurate: 'Accurate' };

/** @type {Object<string, string>} */
export const GRADES = {
  A: 'very reliable',
  B: 'reliable',
  C: 'use with care',
  D: 'rough guess',
};

/** What a jump is that the server has not looked at again yet. */
export const OPEN = 'First estimate';

/** @type {[string, number][]} grades, and below which standard deviation of the height in cm; as in jumps/quality.py */
const GRADE_LIMITS = [['A', 1.5], ['B', 4], ['C', 8]];

/**
 * @param {string} grade
 * @param {number} [spread] one standard deviation of the height in metres
 * @returns {string} what to expect of the height by its ±, and by what a warning made of the grade
 */
export function meaning(grade, spread) {
  const has = (/** @type {[string, number]} */ [name, limit]) =>
    spread === undefined ? name === grade : 100 * spread < limit;
  const [earned, limit] = GRADE_LIMITS.find(has) ?? ['D', Infinity];
  const within = `right to within ${limit} cm`;
  if (earned === 'D') return 'The height may well be off by more than 8 cm. Only that a jump happened is certain.';
  if (earned === grade) return `${grade === 'C' ? 'Use with care: the' : 'The'} height is usually ${within}.`;
  if (grade === 'B') return `The height is usually ${within}. Graded B for the warning below.`;
  return `By its ± the height would be ${within}, but the warning below makes it less sure.`;
}

/** Why a jump without a warning is graded low. */
export const LARGE_SPREAD =
  'Its ± is large: the pictures do not tell exactly when take-off, the highest point and landing were. ' +
  'More light, 60 pictures a second and a camera that stands still help.';

/** @type {Object<string, string>} those that a name alone would not tell well */
export const METRICS = {
  jump_height_m: 'Jump height',
  jump_height_flight_time_m: 'Height from flight time',
  jump_height_takeoff_velocity_m: 'Height from take-off velocity (the same)',
  takeoff_velocity_m_s: 'Take-off velocity',
  eccentric_duration_ms: 'Time down (eccentric)',
  concentric_duration_ms: 'Time up (concentric)',
  time_to_takeoff_ms: 'Time to take-off',
  peak_eccentric_velocity_m_s: 'Peak velocity down',
  peak_concentric_velocity_m_s: 'Peak velocity up',
  squat_hold_duration_ms: 'Squat held for',
  rsi_modified_m_s: 'Modified reactive strength index',
  reactive_strength_index_m_s: 'Reactive strength index',
  knee_angle_lowest_deg: 'Knee at the lowest point',
  hip_angle_lowest_deg: 'Hip at the lowest point',
  ankle_angle_lowest_deg: 'Ankle at the lowest point',
  com_height_m: 'Centre of mass',
  com_velocity_m_s: 'Vertical velocity',
  flight_contact_ratio: 'Flight to contact ratio',
  peak_power_w: 'Peak power (estimate)',
  mean_force_n: 'Mean force (estimate)',
};

/** @type {Object<string, string>} a jump's warnings; one that is missing here is shown by its own name */
export const WARNINGS = {
  landing_flexed:
    'Landed with bent legs: that lengthens the flight, so the height from flight time reads too high. ' +
    'Land on stretched legs, toes first.',
  few_frames_in_flight: 'Only a few pictures show the flight. Use a higher picture rate, or more light.',
  irregular_frames:
    'Pictures around the jump are missing, or came at uneven times. ' +
    'Close other apps and tabs, or bring the device nearer to the Wi-Fi.',
  feet_out_of_picture: 'The feet left the picture. Step back, stand in the middle, or tilt the camera down.',
  head_out_of_picture: 'The head left the picture. Step back, or tilt the camera up, to leave room above for the jump.',
  camera_moved: 'The camera moved. Put it on a stand or lean it against something firm, then jump again.',
  second_person: 'Somebody else was in the picture. Let one person alone be seen, then jump again.',
  scale_disagrees:
    'The body height stated does not fit what the camera saw. Check it under “Set-up”, and that the whole body shows.',
  drop_height_disagrees:
    'The height of the box does not fit the fall that was seen, and was left out. Check it under “Set-up”. Step off ' +
    'the box: stepping down or jumping off it changes the fall.',
  onset_not_seen:
    'The beginning of the movement was not seen, so times and depths before take-off may be missing. ' +
    'Stand still for a second before the jump.',
  movement_unlike:
    'This did not look like the movement chosen. Choose the one that was done under “Set-up”, or “Automatic”.',
  live_frames_only:
    'Analysed from the live frames alone: the server was too busy to look at the flight again. ' +
    'Fewer cameras at once, or less other work for its machine, help.',
};

/** @type {Object<string, string>} other words for a page on the server's own machine */
const WARNINGS_HERE = {
  irregular_frames:
    'Pictures around the jump are missing, or came at uneven times. Close other programs and tabs on this computer.',
  live_frames_only:
    'Analysed from the live frames alone: this computer was too busy to look at the flight again. ' +
    'Close other programs and tabs on it.',
};

/**
 * @param {string} code
 * @param {string} host of the page's address
 * @returns {string|undefined} a jump's warning in words, with what to do here
 */
export function warning(code, host) {
  const here = /^(localhost|127\.[\d.]+|\[::1\])$/.test(host);
  return (here && WARNINGS_HERE[code]) || WARNINGS[code];
}

/** @param {string} centimetres @returns {string} what bent legs on landing make of the height from flight time */
export function tooHigh(centimetres) {
  return `Here it reads about ${centimetres} cm too high.`;
}

/** @type {Object<string, string>} the state of the connection */
export const STATES = {
  idle: 'Ready',
  opening: 'Starting',
  connecting: 'Connecting',
  live: 'Connected',
  waiting: 'Reconnecting',
  finishing: 'Finishing',
  ended: 'Stopped',
};

/**
 * @typedef {{title: string, remedy: string}} Words
 * @type {Object<string, Words>} why the connection is not there; each is followed by a new attempt
 */
export const CONNECTION = {
  lost: { title: 'The connection was lost.', remedy: 'Check the network; the page reconnects by itself.' },
  silent: { title: 'The server did not answer.', remedy: 'The page tries again by itself.' },
  unreachable: {
    title: 'The server cannot be reached.',
    remedy: 'Check that it is running and that this device is on its network; the page tries again by itself.',
  },
  full: {
    title: 'The server is full.',
    remedy: 'All its places are taken. Leave this page open: it gets in as soon as one is free.',
  },
  overloaded: {
    title: 'The server has too much to do.',
    remedy: 'Leave this page open: it tries again by itself. Fewer cameras, or less other work for it, help.',
  },
  crowded: {
    title: 'There are too many sessions with this token or from this network.',
    remedy: 'End one of the others; the page tries again by itself.',
  },
  draining: { title: 'The server is restarting.', remedy: 'The page reconnects by itself; your jumps are kept.' },
  model: {
    title: 'The server is not ready.',
    remedy: 'Its pose model is missing; whoever runs the server finds the reason in its log.',
  },
  unready: { title: 'The server is not ready.', remedy: 'The page tries again by itself.' },
  internal: { title: 'The server had a fault.', remedy: 'The page reconnects by itself; your jumps are kept.' },
  refused: { title: 'The server refused the connection.', remedy: 'The page tries again by itself.' },
  session_expired: {
    title: 'The server ended the session.',
    remedy: 'The page begins a new one by itself; your jumps are kept.',
  },
};

/** @type {Words} a session reached its greatest length */
export const RENEWED = {
  title: 'A new session began by itself.',
  remedy: 'The last one had reached its greatest length; the jumps count on.',
};

/** @type {Object<string, Words>} what ends or prevents a session */
export const TROUBLE = {
  camera_denied: {
    title: 'The browser may not use the camera.',
    remedy: 'Allow the camera in the address bar or the site settings, then press “Start camera” again.',
  },
  camera_missing: {
    title: 'No camera was found.',
    remedy: 'Connect one, or choose another under “Camera”. The drawn athlete works without any.',
  },
  camera_busy: {
    title: 'The camera is in use.',
    remedy: 'Close the other app or browser tab that uses it, then press “Start camera” again.',
  },
  camera_insecure: {
    title: 'This page needs https to use a camera.',
    remedy:
      'Browsers give a camera only to https pages and to localhost. ' +
      'Phones need https: open this page by an https address.',
  },
  camera_unsupported: {
    title: 'This browser cannot use a camera.',
    remedy: 'Open the page in a current Chrome, Edge, Firefox or Safari.',
  },
  camera_failed: {
    title: 'The camera could not be started.',
    remedy: 'Unplug it or close other apps that use it, then press “Start camera” again.',
  },
  camera_gone: { title: 'The camera stopped.', remedy: 'Reconnect it, then press “Start camera” again.' },
  demo_failed: {
    title: 'The drawn athlete did not come.',
    remedy: 'The server sent no clip. Check that it is running, then try again.',
  },
  token: {
    title: 'The server wants an access token.',
    remedy: 'Enter one above the picture, then start again.',
  },
  token_invalid: {
    title: 'This access token is not valid.',
    remedy: 'Look for a slip in typing, or ask whoever runs the server: it may have been replaced, or have run out.',
  },
  refused: {
    title: 'The server refuses this page.',
    remedy: 'Open the page by the address that the server itself names, or ask whoever runs it for access.',
  },
  closed: { title: 'The server ended the session.', remedy: 'Press “Start camera” to begin a new one.' },
  no_summary: { title: 'The summary did not come.', remedy: 'The jumps received until then are kept below.' },
  idle_timeout: {
    title: 'The session paused for too long.',
    remedy:
      'No pictures reached the server for a while; browsers stop the camera of a page in the background. ' +
      'Start again to go on; your jumps are kept.',
  },
  slow_consumer: {
    title: 'This device could not keep up with the answers.',
    remedy: 'Close other tabs or apps, then start again; your jumps are kept.',
  },
  bad_message: {
    title: 'The server did not understand this page.',
    remedy: 'Reload the page: it may be older than the server.',
  },
  bad_frame: { title: 'A picture did not arrive intact.', remedy: 'If this goes on, reload the page.' },
  unsupported_image: { title: 'The server does not take these pictures.', remedy: 'Try another camera or browser.' },
  frame_too_large: { title: 'The pictures are too large for the server.', remedy: 'Try another camera.' },
  out_of_order: { title: 'A picture came out of order.', remedy: 'If this goes on, start again.' },
  rate_limited: {
    title: 'The server takes fewer pictures a second than this page sends.',
    remedy: 'Choose 30 pictures a second under “Set-up”.',
  },
};

export const HINTS = {
  nobody: 'Step back until your whole body is in the picture, feet included.',
  starting: 'Waiting for the first picture…',
  drawing: 'The server is drawing the athlete…',
  finishing: 'The last values are being worked out…',
};

/** @type {Object<string, string>} */
export const SOURCES = { camera: 'Camera', demo: 'Drawn athlete' };

/** @type {Object<string, string>} what a field of the set-up takes */
export const RANGES = {
  height: 'Body height: 100 to 250 cm, or leave it empty.',
  mass: 'Body mass: 20 to 250 kg, or leave it empty.',
  drop: 'Height of the box: 5 to 150 cm, or leave it empty.',
};

export const NOT_INSTALLED = '(not installed)';

export const FORGET = 'Forget every jump on this page?';

/** @param {number} jumps @returns {string} */
export function count(jumps) {
  return ['No jump was seen', 'One jump'][jumps] ?? `${jumps} jumps`;
}

/**
 * @param {{received: number, analysed: number}} frames of the last connection
 * @param {boolean} whole whether there was no other before it
 * @returns {string}
 */
export function account({ received, analysed }, whole) {
  const text = `${received} pictures arrived, ${analysed} were followed live`;
  return whole ? `${text}.` : `${text}, since the page last connected.`;
}

/** @param {string} wished @param {string} used @returns {Words} */
export function otherQuality(wished, used) {
  const title = `${QUALITIES[wished]} is not installed on this server.`;
  return { title, remedy: `${QUALITIES[used]} is used instead.` };
}
