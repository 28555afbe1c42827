/** Two camera heights side by side, where the one that was read off a photo is a guess: the person chooses one. */
import { Button, Loader, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Photo } from "~/api/types";
import { styles as copy } from "~/shared/copy/styles";
import { explain } from "~/shared/errors";
import { preview, type Chosen } from "./previews";
import css from "./heights.module.css";

const words = copy.heights;
/** The option that takes a set's next best height. */
export const NEXT = { name: "height", value: "other" } as const;

export function Heights({ close, name, now, other, words: then, choose }: {
  close: () => void; name: string; now: string; other: { base: string; chosen: Chosen; photo: Pick<Photo, "id" | "matte_version"> }; words: string; choose: () => void;
}) {
  const rendered = useQuery(preview(other.base, { ...other.chosen, [NEXT.name]: NEXT.value }, other.photo));
  return (
    <Modal opened onClose={close} title={words.title} size={940}>
      <p className="soft">{words.words}</p>
      <div className={css.two}>
        <Side words={words.now} name={name} src={now}>
          <Button variant="default" onClick={close} data-autofocus>{words.keep}</Button>
        </Side>
        <Side words={words.other} name={name} src={rendered.data?.src ?? ""} wrong={rendered.isError ? `${copy.stage.failed} ${explain(rendered.error).words}` : ""}>
          <Button disabled={rendered.isError} onClick={() => (choose(), close())}>{words.take}</Button>
        </Side>
      </div>
      <p className="soft small">{then}</p>
    </Modal>
  );
}

function Side({ words: title, name, src, wrong = "", children }: { words: string; name: string; src: string; wrong?: string; children: ReactNode }) {
  return (
    <figure className={css.side}>
      <div className={css.picture} aria-busy={!src && !wrong}>
        {src ? <img src={src} alt={words.picture(title, name)} draggable={false} />
          : wrong ? <p role="alert">{wrong}</p>
          : <span className={css.waits} role="status"><Loader size={18} color="gray" aria-hidden />{copy.stage.rendering}</span>}
      </div>
      <figcaption>{title}</figcaption>
      {children}
    </figure>
  );
}
