/** What the networks of the oracle are measured with; its own smaller sizes would measure overhead. */
export const sizes: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  unet: { batch: 8, bands: 6, classes: 4, base: 32, levels: 4, size: 128 },
  image: { batch: 1, bands: 6, classes: 4, base: 32, levels: 4, size: 512 },
  transformer: { batch: 64, steps: 64, bands: 10, width: 128, heads: 4, layers: 3, classes: 10 },
  convLstm: { batch: 4, steps: 8, bands: 6, width: 32, size: 64 },
  spectra: { samples: 10_000, bands: 100 },
  water: { pixels: 1000, steps: 365 },
  vae: { batch: 1024, steps: 72, bands: 10, width: 256, latent: 6 },
}
