import { Page } from "~/shared/ui/Page";

export default function Styles() {
  return <Page title="Styles"><div /></Page>;
}
