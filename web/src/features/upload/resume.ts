/** For the shell: what was not sent when the page was closed is sent, whatever screen is opened first. */
import { start } from "./engine";
import { whoOf } from "./engine/pausing";

export const goOn = (session: Parameters<typeof whoOf>[0]): Promise<void> => start(whoOf(session));
