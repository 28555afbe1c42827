import { Page } from "~/shared/ui/Page";

export default function Deliver() {
  return <Page title="Deliver"><div /></Page>;
}
