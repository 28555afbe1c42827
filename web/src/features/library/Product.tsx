/** One product: its angles, its fields, its places, and the latest results. */
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
import { notify } from "~/shared/notify";
import { LinkButton } from "~/shared/ui/LinkButton";
import { Page } from "~/shared/ui/Page";
import { Empty, Failed, Waiting } from "~/shared/ui/states";
import { Confirm } from "./Confirm";
import { useRemovePhotos, useRemoveProducts } from "./actions";
import { ProductFields } from "./ProductFields";
import { ProductPlaces } from "./ProductPlaces";
import { lastView } from "./lastView";
import { nameOf } from "./model";
import { PhotoBlock } from "./PhotoBlock";
import { useProductActions } from "./productActions";
import { product as productQuery } from "./queries";
import { Results } from "./Results";
import { Stage, Views, type StageView } from "./Stage";
import { Strip } from "./Strip";
import { useDropFiles } from "./useDropFiles";
import { PICTURES, useUploadPhotos } from "./useUploadPhotos";
import css from "./product.module.css";

const route = getRouteApi("/inside/library/$product");

export default function Product() {
  const { product: id } = route.useParams();
  const query = useQuery(productQuery(id));
  if (query.data) return <ProductDetails key={id} product={query.data} />;
  return (
    <Page title={copy.title} scroll={false}>
      {query.isError ? <Failed error={query.error} retry={() => void query.refetch()} /> : (
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

function ProductDetails({ product }: { product: Shown }) {
  const navigate = useNavigate();
  const actions = useProductActions(product.id);
  const { sending, send } = useUploadPhotos(product.id);
  const { over, handlers } = useDropFiles(send);
  const removePhotos = useRemovePhotos();
  const removeProduct = useRemoveProducts();
  const [chosen, choose] = useState("");
  const [view, show] = useState<StageView>("photo");
  const [dialog, setDialog] = useState<"photo" | "product" | null>(null);
  const [correcting, correct] = useState<Photo | null>(null);

  const { photos } = product;
  const at = Math.max(0, photos.findIndex((one) => one.id === chosen));
  const photo = photos[at];
  const go = (to: number): void => choose(photos[Math.max(0, Math.min(photos.length - 1, to))]?.id ?? "");

  const reorder = (order: Photo[], moved: Photo): void => {
    actions.order.mutate(order);
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
    if (at === 0) void actions.changePhoto.mutateAsync({ photo, body: { role: "main" } }).catch(actions.onFailure);
    else place(0);
  };
  const detach = async (): Promise<void> => {
    if (!photo) return;
    try {
      await actions.changePhoto.mutateAsync({ photo, body: { product_id: null } });
      actions.promote.mutate(photo);
      notify(copy.photo.removedFromProduct);
    } catch (error) {
      actions.onFailure(error);
    }
  };
  useKeys({ arrowleft: () => go(at - 1), arrowright: () => go(at + 1), "shift+arrowleft": () => place(at - 1), "shift+arrowright": () => place(at + 1), e: () => photo && photo.matte_version > 0 && correct(photo), escape: () => void navigate({ to: "/library", search: lastView.now }) });
  useFinishedJobs(photos, () => void actions.reload());

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
      actions={(
        <>
          {photos.length > 0 && <LinkButton to="/batches/new" search={{ products: product.id }} leftSection={<IconStack2 size={17} aria-hidden />} style={{ flex: "none" }}>{copy.batch}</LinkButton>}
          <Menu position="bottom-end" width={200} withInitialFocusPlaceholder={false} portalProps={{ target: "#screen" }}>
            <Menu.Target><ActionIcon variant="default" size={36} aria-label={copy.more}><IconDots size={17} aria-hidden /></ActionIcon></Menu.Target>
            <Menu.Dropdown><Menu.Item c="var(--no)" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => setDialog("product")}>{copy.remove}</Menu.Item></Menu.Dropdown>
          </Menu>
        </>
      )}
    >
      <div className={css.product} {...handlers}>
        <div className={css.left}>
          {photo ? (
            <>
              <Stage photo={photo} view={view} cutting={actions.cut.isPending} cut={() => actions.cut.mutate(photo)} />
              <div className={css.under}>
                <Strip photos={photos} current={photo.id} choose={choose} reorder={reorder} sending={sending} send={send} />
                <div className={css.views}>
                  <Views view={view} show={show} />
                  {photo.matte_version > 0 && <CorrectButton size="xs" open={() => correct(photo)} />}
                </div>
              </div>
            </>
          ) : <NoPhotos send={send} busy={sending.length > 0} />}
        </div>
        <aside className={css.right} aria-label={copy.facts}>
          <ProductFields product={product} actions={actions} />
          <ProductPlaces product={product} />
          {photo && (
            <PhotoBlock key={photo.id} photo={photo} place={at} count={photos.length} actions={actions} step={(by) => place(at + by)} main={main} detach={() => void detach()} remove={() => setDialog("photo")} />
          )}
          <Results product={product.id} />
        </aside>
        {over && <div className={css.drop}><p>{copy.dropNow}</p></div>}
      </div>
      {correcting && <Correct photo={correcting.id} name={correcting.name} close={() => correct(null)} />}
      <Confirm
        opened={dialog === "photo"} title={library.remove.photosTitle(1)} words={library.remove.photosWords} action={library.remove.action} busy={removePhotos.isPending}
        close={() => setDialog(null)} confirm={() => photo && removePhotos.mutate([photo.id], { onSuccess: () => actions.promote.mutate(photo), onSettled: () => setDialog(null) })}
      />
      <Confirm
        opened={dialog === "product"} title={library.remove.title(1)} words={library.remove.words(1, photos.length)} action={library.remove.action} busy={removeProduct.isPending}
        close={() => setDialog(null)}
        confirm={() => removeProduct.mutate([product.id], { onSuccess: ({ gone }) => (setDialog(null), gone.size > 0 && void navigate({ to: "/library", search: lastView.now })) })}
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

/** Calls `onEnd` when a job on one of the photos is done: it may be cut out now. */
function useFinishedJobs(photos: readonly Photo[], onEnd: () => void): void {
  const latest = useRef({ photos, onEnd });
  latest.current = { photos, onEnd };
  useEffect(() => live.listen((message) => {
    if (message.job && message.status === "done" && latest.current.photos.some((one) => one.id === message.photo)) latest.current.onEnd();
  }), []);
}
