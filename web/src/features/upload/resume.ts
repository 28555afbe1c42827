/** For the shell: what was not sent when the page was closed is sent, whatever screen is opened first. */
import { start } from "./engine";
import { ownerOf } from "./engine/pause";

export const resumeUploads = (session: Parameters<typeof ownerOf>[0]): Promise<void> => start(ownerOf(session));
