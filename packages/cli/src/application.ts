/** What the command line can run. */
export { segmentation as application } from '@ecotope/run'
