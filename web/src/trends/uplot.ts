// uPlot with its own style: loaded when the first chart is shown.

import 'uplot/dist/uPlot.min.css';
export { default } from 'uplot';
