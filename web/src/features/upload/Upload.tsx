import { Page } from "~/shared/ui/Page";

export default function Upload() {
  return <Page title="Upload"><div /></Page>;
}
