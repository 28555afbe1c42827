import { Page } from "~/shared/ui/Page";

export default function Review() {
  return <Page title="Review"><div /></Page>;
}
