/** Opens the editor from the screens that show a photo. The editor itself is loaded when it is opened. */
import { Button, type ButtonProps } from "@mantine/core";
import { IconScissors } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { cutout as copy } from "~/shared/copy/cutout";
import { KeyCap } from "~/shared/ui/KeyCap";

const load = () => import("./Editor");
const Editor = lazy(load);

export function CorrectButton({ open, ...props }: { open: () => void } & ButtonProps) {
  return (
    <Button
      variant="default" leftSection={<IconScissors size={15} aria-hidden />} rightSection={<KeyCap hidden>E</KeyCap>} {...props}
      onClick={open} onPointerEnter={() => void load()} onFocus={() => void load()}
    >
      {copy.title}
    </Button>
  );
}

export function Correct({ photo, name, close }: { photo: string; name: string; close: () => void }) {
  return <Suspense fallback={null}><Editor key={photo} photo={photo} name={name} close={close} /></Suspense>;
}
