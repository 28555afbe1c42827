/** One product: its angles, what it says of itself, where it is sorted, what was made of it. */
import { ActionIcon, Button, Menu, Skeleton } from "@mantine/core";
import { IconChevronLeft, IconDots, IconPhotoPlus, IconStack2, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import type { Photo, Product as Shown } from "~/api/types";
import { Correct, CorrectButton } from "~/features/cutout/Correct";
import { announce } from "~/shared/announce";
import { library, productPage as copy, roleWords } from "~/shared/copy/library";
import { useKeys } from "~/shared/keys";
import { live } from "~/shared/live";
import { say } from "~/shared/notify";
import { LinkButton } from "~/shared/ui/LinkButton";
import { Page } from "~/shared/ui/Page";
import { Empty, Failed, Waiting } from "~/shared/ui/states";
import { Confirm } from "./Confirm";
import { useRemovePhotos, useRemoveProducts } from "./deeds";
import { Facts } from "./Facts";
import { InPlaces } from "./InPlaces";
import { lastView } from "./lastView";
import { nameOf } from "./model";
import { PhotoBlock } from "./PhotoBlock";
import { useProductDeeds } from "./productDeeds";
import { product as asked } from "./queries";
import { Results } from "./Results";
import { Stage, Views, type StageView } from "./Stage";
import { Strip } from "./Strip";
import { useDropFiles } from "./useDropFiles";
import { PICTURES, useSending } from "./useSending";
import css from "./product.module.css";

const route = getRouteApi("/inside/library/$product");

export default function Product() {
  const { product: id } = route.useParams();
  const found = useQuery(asked(id));
  if (found.data) return <Whole key={id} product={found.data} />;
  return (
    <Page title={copy.title} scroll={false}>
      {found.isError ? <Failed error={found.error} retry={() => void found.refetch()} /> : (
        <Waiting>
          <div className={css.product} style={{ height: "calc(100vh - 56px)" }}>
            <div className={css.left}><Skeleton radius="lg" style={{ flex: 1 }} /><Skeleton height={120} width="60%" /></div>
            <div className={css.right}><Skeleton height={190} mb={28} /><Skeleton height={80} mb={28} /><Skeleton height={160} /></div>
          </div>
        </Waiting>
      )}
    </Page>
  );
}

function Whole({ product }: { product: Shown }) {
  const navigate = useNavigate();
  const deeds = useProductDeeds(product.id);
  const { sending, send } = useSending(product.id);
  const { over, handlers } = useDropFiles(send);
  const removePhotos = useRemovePhotos();
  const removeProduct = useRemoveProducts();
  const [chosen, choose] = useState("");
  const [view, show] = useState<StageView>("photo");
  const [asking, ask] = useState<"photo" | "product" | null>(null);
  const [correcting, correct] = useState<Photo | null>(null);

  const { photos } = product;
  const at = Math.max(0, photos.findIndex((one) => one.id === chosen));
  const photo = photos[at];
  const go = (to: number): void => choose(photos[Math.max(0, Math.min(photos.length - 1, to))]?.id ?? "");

  const reorder = (order: Photo[], moved: Photo): void => {
    deeds.order.mutate(order);
    choose(moved.id);
    announce(copy.ordered(roleWords(moved.role), order.indexOf(moved) + 1, order.length));
  };
  const place = (to: number): void => {
    if (!photo || to < 0 || to >= photos.length || to === at) return;
    const rest = photos.filter((one) => one !== photo);
    rest.splice(to, 0, photo);
    reorder(rest, photo);
  };
  const main = (): void => {
    if (!photo) return;
    if (at === 0) void deeds.changePhoto.mutateAsync({ photo, body: { role: "main" } }).catch(deeds.failed);
    else place(0);
  };
  const takeOut = async (): Promise<void> => {
    if (!photo) return;
    try {
      await deeds.changePhoto.mutateAsync({ photo, body: { product_id: null } });
      deeds.promote.mutate(photo);
      say(copy.photo.takenOut);
    } catch (error) {
      deeds.failed(error);
    }
  };
  useKeys({ arrowleft: () => go(at - 1), arrowright: () => go(at + 1), "shift+arrowleft": () => place(at - 1), "shift+arrowright": () => place(at + 1), e: () => photo && photo.matte_version > 0 && correct(photo), escape: () => void navigate({ to: "/library", search: lastView.now }) });
  useWork(photos, () => void deeds.again());

  const name = nameOf(product);
  return (
    <Page
      title={name} scroll={false}
      beside={(
        <>
          <LinkButton to="/library" search={lastView.now} variant="subtle" color="gray" className={css.back} leftSection={<IconChevronLeft size={17} aria-hidden />}>{copy.back}</LinkButton>
          <span className="soft ellipsis" style={{ flexShrink: 2 }}>{product.title ? product.sku : ""}</span>
        </>
      )}
      deeds={(
        <>
          {photos.length > 0 && <LinkButton to="/batches/new" search={{ products: product.id }} leftSection={<IconStack2 size={17} aria-hidden />} style={{ flex: "none" }}>{copy.batch}</LinkButton>}
          <Menu position="bottom-end" width={200} withInitialFocusPlaceholder={false} portalProps={{ target: "#screen" }}>
            <Menu.Target><ActionIcon variant="default" size={36} aria-label={copy.more}><IconDots size={17} aria-hidden /></ActionIcon></Menu.Target>
            <Menu.Dropdown><Menu.Item c="var(--no)" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => ask("product")}>{copy.remove}</Menu.Item></Menu.Dropdown>
          </Menu>
        </>
      )}
    >
      <div className={css.product} {...handlers}>
        <div className={css.left}>
          {photo ? (
            <>
              <Stage photo={photo} view={view} cutting={deeds.cut.isPending} cut={() => deeds.cut.mutate(photo)} />
              <div className={css.under}>
                <Strip photos={photos} current={photo.id} choose={choose} reorder={reorder} sending={sending} send={send} />
                <div className={css.looks}>
                  <Views view={view} show={show} />
                  {photo.matte_version > 0 && <CorrectButton size="xs" open={() => correct(photo)} />}
                </div>
              </div>
            </>
          ) : <NoPhotos send={send} busy={sending.length > 0} />}
        </div>
        <aside className={css.right} aria-label={copy.facts}>
          <Facts product={product} deeds={deeds} />
          <InPlaces product={product} />
          {photo && (
            <PhotoBlock key={photo.id} photo={photo} place={at} count={photos.length} deeds={deeds} step={(by) => place(at + by)} main={main} takeOut={() => void takeOut()} remove={() => ask("photo")} />
          )}
          <Results product={product.id} />
        </aside>
        {over && <div className={css.drop}><p>{copy.dropNow}</p></div>}
      </div>
      {correcting && <Correct photo={correcting.id} name={correcting.name} close={() => correct(null)} />}
      <Confirm
        opened={asking === "photo"} title={library.remove.photosTitle(1)} words={library.remove.photosWords} deed={library.remove.deed} busy={removePhotos.isPending}
        close={() => ask(null)} confirm={() => photo && removePhotos.mutate([photo.id], { onSuccess: () => deeds.promote.mutate(photo), onSettled: () => ask(null) })}
      />
      <Confirm
        opened={asking === "product"} title={library.remove.title(1)} words={library.remove.words(1, photos.length)} deed={library.remove.deed} busy={removeProduct.isPending}
        close={() => ask(null)}
        confirm={() => removeProduct.mutate([product.id], { onSuccess: ({ gone }) => (ask(null), gone.size > 0 && void navigate({ to: "/library", search: lastView.now })) })}
      />
    </Page>
  );
}

function NoPhotos({ send, busy }: { send: (files: Iterable<File>) => void; busy: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <Empty icon={<IconPhotoPlus size={30} stroke={1.4} />} title={copy.noPhotos} words={copy.noPhotosWords}>
      <Button loading={busy} onClick={() => input.current?.click()}>{copy.add}</Button>
      <input ref={input} type="file" multiple accept={PICTURES} hidden onChange={(event) => send(event.target.files ?? [])} />
    </Empty>
  );
}

/** Work on one of these photos ends: it may be cut out now. */
function useWork(photos: readonly Photo[], ended: () => void): void {
  const latest = useRef({ photos, ended });
  latest.current = { photos, ended };
  useEffect(() => live.listen((message) => {
    if (message.run && message.status === "done" && latest.current.photos.some((one) => one.id === message.photo)) latest.current.ended();
  }), []);
}
