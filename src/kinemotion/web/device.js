/** What the device does for the page: it keeps the jumps until the tab closes, saves files, and stays awake. */

const MEMORY = 'kinemotion.jumps';
const FILE_MS = 10_000;

/** @type {?{release: () => Promise<void>}} */ let wakeLock = null;
let awake = false;

/** @returns {?string} what `remember` kept */
export function remembered() {
  try {
    return sessionStorage.getItem(MEMORY);
  } catch {
    return null;
  }
}

/** @param {string} text */
export function remember(text) {
  try {
    sessionStorage.setItem(MEMORY, text);
  } catch {
    // the jumps stay on the page
  }
}

/** @param {string} name the file's ending @param {string} type @param {string} text */
export function save(name, type, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = `kinemotion-${new Date().toISOString().slice(0, 16).replace(':', '')}.${name}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), FILE_MS);
}

/** A phone on a tripod must not fall asleep. */
export async function stayAwake() {
  awake = true;
  try {
    wakeLock = await navigator.wakeLock.request('screen');
    if (!awake) letSleep();
  } catch {
    // not every browser has it
  }
}

export function letSleep() {
  awake = false;
  wakeLock?.release().catch(() => {});
  wakeLock = null;
}
