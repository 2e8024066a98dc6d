import { Screen } from '../parts/screen';

export default function Executions() {
  return <Screen title="Executions">{null}</Screen>;
}
