import { Page } from "~/shared/ui/Page";

export default function Product() {
  return <Page title="Product"><div /></Page>;
}
