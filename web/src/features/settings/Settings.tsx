import { Page } from "~/shared/ui/Page";

export default function Settings() {
  return <Page title="Settings"><div /></Page>;
}
