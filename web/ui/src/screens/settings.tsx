import { Screen } from '../parts/screen';

export default function Settings() {
  return <Screen title="Settings">{null}</Screen>;
}
