import { Page } from "~/shared/ui/Page";

export default function Batches() {
  return <Page title="Batches"><div /></Page>;
}
