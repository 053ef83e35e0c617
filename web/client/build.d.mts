import type { BuildOptions, BuildResult, Metafile } from 'esbuild';

export function bundle(
  build: (options: BuildOptions) => Promise<BuildResult>,
  write?: boolean,
): Promise<{ files: Map<string, Uint8Array>; metafile: Metafile }>;
