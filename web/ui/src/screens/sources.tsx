import { Screen } from '../parts/screen';

export default function Sources() {
  return <Screen title="Sources">{null}</Screen>;
}
