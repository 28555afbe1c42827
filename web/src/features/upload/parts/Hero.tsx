/** Before the first photo: what can be dropped, and buttons to choose files or a folder. */
import { Button } from "@mantine/core";
import { IconFolder, IconPhotoPlus } from "@tabler/icons-react";
import { samples } from "~/features/welcome/samples";
import { upload as copy } from "~/shared/copy/upload";
import css from "../upload.module.css";
import { useAddFiles } from "./useAddFiles";

const fan = [samples[4], samples[2], samples[0]];

export function Hero({ reading }: { reading: number }) {
  const add = useAddFiles();
  return (
    <div className={css.hero}>
      <div className={css.fan} aria-hidden>{fan.map((one) => one && <img key={one.sku} src={one.url} alt="" draggable={false} />)}</div>
      <h2>{reading ? copy.drop.reading(Math.max(0, reading)) : copy.drop.title}</h2>
      <p className="soft">{copy.drop.words}</p>
      <div className={css.heroActions}>
        <Button size="md" leftSection={<IconPhotoPlus size={18} stroke={1.7} aria-hidden />} onClick={add.files}>{copy.chooseFiles}</Button>
        <Button size="md" variant="default" leftSection={<IconFolder size={18} stroke={1.7} aria-hidden />} onClick={add.folder}>{copy.chooseFolder}</Button>
      </div>
      <p className={`soft small ${css.formats}`}>{copy.drop.formats}</p>
    </div>
  );
}
