/** `ecotope explain`: what a recipe does and what each of its parameters means. */
import { InputError } from '@ecotope/core'
import { explainRecipe, loadRecipe } from '@ecotope/run'
import type { Command } from '../command.ts'

export const explainCommand: Command = {
  name: 'explain',
  summary: 'Explain a recipe: its steps and every parameter with range, default and when to change it',
  usage: 'explain RECIPE [OPTIONS]',
  options: {},
  examples: ['ecotope explain recipes/segmentation', 'ecotope explain recipes/segmentation --json'],
  run: async (given, { width }) => {
    const [path, ...rest] = given.positionals
    if (path === undefined || rest.length > 0)
      throw new InputError('MissingArgument', 'explain needs one recipe', {
        hint: 'For example: ecotope explain recipes/segmentation',
      })
    const recipe = await loadRecipe(path)
    return { text: explainRecipe(recipe, { width }), json: recipe }
  },
}
