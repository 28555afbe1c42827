import { Page } from "~/shared/ui/Page";

export default function Reviews() {
  return <Page title="Reviews"><div /></Page>;
}
