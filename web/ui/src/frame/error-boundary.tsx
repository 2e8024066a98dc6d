import { Component, type ReactNode } from 'react';

interface Props {
  show: (error: unknown) => ReactNode;
  children: ReactNode;
}

/** Shows what went wrong in a screen instead of a blank page; the frame stays usable. */
export class ErrorBoundary extends Component<Props, { error: unknown }> {
  override state = { error: undefined as unknown };
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  override render() {
    return this.state.error === undefined ? this.props.children : this.props.show(this.state.error);
  }
}
