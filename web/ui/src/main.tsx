import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './style/variables.css';
import './style/base.css';
import { App } from './app';
import { listenForKeys } from './parts/shortcuts';

const root = document.getElementById('root');
if (root) {
  listenForKeys();
  createRoot(root).render(<StrictMode><App /></StrictMode>);
}
