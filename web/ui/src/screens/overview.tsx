import { Screen } from '../parts/screen';

export default function Overview() {
  return <Screen title="Overview">{null}</Screen>;
}
