import { Page } from "~/shared/ui/Page";

export default function Batch() {
  return <Page title="Batch"><div /></Page>;
}
