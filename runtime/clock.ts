import { existsSync } from "node:fs";
import { join } from "node:path";

/** What a service compares event times with. */
export interface Clock {
  /** Milliseconds since the epoch; undefined while the clock may be wrong, as before it was set. */
  nowMs(): number | undefined;
}

/** Where systemd-timesyncd, the NTP client of Raspberry Pi OS, says by a file that it has set the clock. */
const TIMESYNC_FOLDER = "/run/systemd/timesync";

/**
 * The clock of this host. A Pi has no battery for it: after a start it shows the time at which the Pi was switched off, until
 * NTP has set it. Source: systemd-timesyncd.service(8), "Files".
 */
export function hostClock(folder = TIMESYNC_FOLDER): Clock {
  let isSet = false;
  return {
    nowMs: () => {
      isSet ||= !existsSync(folder) || existsSync(join(folder, "synchronized"));
      return isSet ? Date.now() : undefined;
    },
  };
}
