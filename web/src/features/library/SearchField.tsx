import { CloseButton, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { library } from "~/shared/copy/library";
import { KeyCap } from "~/shared/ui/KeyCap";
import type { LibrarySearch } from "./search";

const WAIT_MS = 220;

/** The search words go into the address once typing stops; "/" focuses the field. */
export function SearchField({ view }: { view: LibrarySearch }) {
  const navigate = useNavigate();
  const [words, set] = useState(view.q ?? "");
  const search = useDebouncedCallback((q: string) => {
    void navigate({ to: "/library", search: (before) => ({ ...before, q: q.trim() || undefined }), replace: true });
  }, WAIT_MS);
  // A link, or going back, changes the words.
  useEffect(() => set((now) => (now.trim() === (view.q ?? "") ? now : view.q ?? "")), [view.q]);
  const type = (next: string): void => {
    set(next);
    search(next);
  };
  const label = view.show === "unassigned" ? library.searchPhotos : library.search;
  return (
    <TextInput
      data-search type="search" value={words} onChange={(event) => type(event.target.value)} placeholder={label} aria-label={label} w="min(380px, 34vw)" maxLength={200}
      leftSection={<IconSearch size={16} aria-hidden />} rightSection={words ? <CloseButton size="sm" aria-label={library.empty.searchAction} onClick={() => type("")} /> : <KeyCap hidden>/</KeyCap>}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        if (words) type("");
        else event.currentTarget.blur();
      }}
    />
  );
}
