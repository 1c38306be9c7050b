/**
 * The public API of each package as text: every export of `src/index.ts` with its type, sorted, one declaration each.
 * `npx node scripts/api.ts --write` rewrites `packages/NAME/api.txt`; a test compares. Bodies and comments do not count.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const flags =
  ts.TypeFormatFlags.NoTruncation |
  ts.TypeFormatFlags.UseSingleQuotesForStringLiteralType |
  ts.TypeFormatFlags.WriteTypeArgumentsOfSignature |
  ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope

const byText = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

export function packageNames(): string[] {
  return readdirSync(join(root, 'packages'))
    .filter((name) => existsSync(join(root, 'packages', name, 'src', 'index.ts')))
    .sort(byText)
}

export function apiPath(name: string): string {
  return join(root, 'packages', name, 'api.txt')
}

function compilerOptions(): ts.CompilerOptions {
  const path = join(root, 'tsconfig.json')
  const { config } = ts.readConfigFile(path, ts.sys.readFile) as { config: unknown }
  return ts.parseJsonConfigFileContent({ ...(config as object), include: [], files: [] }, ts.sys, root).options
}

/** The public API of each named package, in one pass of the type checker. */
export function describeApi(names: readonly string[]): Map<string, string> {
  const index = (name: string) => join(root, 'packages', name, 'src', 'index.ts')
  const program = ts.createProgram(names.map(index), compilerOptions())
  const checker = program.getTypeChecker()
  const described = new Map<string, string>()
  for (const name of names) {
    const source = program.getSourceFile(index(name))!
    const module = checker.getSymbolAtLocation(source)
    const symbols = module === undefined ? [] : checker.getExportsOfModule(module)
    const lines = symbols.map((symbol) => describeSymbol(checker, symbol, source))
    described.set(name, `${lines.sort(byText).join('\n')}\n`)
  }
  return described
}

function describeSymbol(checker: ts.TypeChecker, exported: ts.Symbol, at: ts.Node): string {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
  const name = exported.name
  if (symbol.flags & ts.SymbolFlags.Class) return describeClass(checker, symbol, name, at)
  if (symbol.flags & ts.SymbolFlags.Function) return describeCalls(checker, symbol, name, at)
  if (symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias)) return describeDeclared(symbol, name)
  return `const ${name}: ${checker.typeToString(checker.getTypeOfSymbolAtLocation(symbol, at), at, flags)}`
}

function describeCalls(checker: ts.TypeChecker, symbol: ts.Symbol, name: string, at: ts.Node): string {
  const type = checker.getTypeOfSymbolAtLocation(symbol, at)
  const print = (signature: ts.Signature) => `function ${name}${checker.signatureToString(signature, at, flags)}`
  return type.getCallSignatures().map(print).join('\n')
}

function describeClass(checker: ts.TypeChecker, symbol: ts.Symbol, name: string, at: ts.Node): string {
  const instance = checker.getDeclaredTypeOfSymbol(symbol)
  const bases = (checker.getBaseTypes(instance as ts.InterfaceType) ?? []).map((base) => checker.typeToString(base))
  const constructors = checker.getTypeOfSymbolAtLocation(symbol, at).getConstructSignatures()
  const members = checker
    .getPropertiesOfType(instance)
    .filter((member) => isOwnPublic(member, symbol))
    .map((member) => {
      const optional = member.flags & ts.SymbolFlags.Optional ? '?' : ''
      const type = checker.typeToString(checker.getTypeOfSymbolAtLocation(member, at), at, flags)
      return `  ${labelOf(member)}${optional}: ${type}`
    })
    .sort(byText)
  const built = constructors.map((signature) => `  new ${checker.signatureToString(signature, at, flags)}`)
  const heritage = bases.length === 0 ? '' : ` extends ${bases.join(', ')}`
  return [`class ${name}${heritage} {`, ...built, ...members, '}'].join('\n')
}

/** Members named by a symbol: the checker adds a number that changes with every new file. */
const labelOf = ({ name }: ts.Symbol): string => name.replace(/^__@(\w+)@\d+$/, '[$1]')

function isOwnPublic(member: ts.Symbol, owner: ts.Symbol): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected
  return (member.declarations ?? []).every(
    (declaration) =>
      (ts.getCombinedModifierFlags(declaration) & hidden) === 0 &&
      !member.name.startsWith('__#') &&
      (owner.declarations ?? []).some((own) => own === declaration.parent || own === declaration.parent.parent),
  )
}

/** Interfaces and type aliases are written out in full by their authors, so their source is their description. */
function describeDeclared(symbol: ts.Symbol, name: string): string {
  const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed })
  return (symbol.declarations ?? [])
    .filter((declaration) => ts.isInterfaceDeclaration(declaration) || ts.isTypeAliasDeclaration(declaration))
    .map((declaration) => printer.printNode(ts.EmitHint.Unspecified, declaration, declaration.getSourceFile()))
    .map((text) => text.replace(/^(export |declare )+/, '').replace(/;$/gm, ''))
    .map((text) => (symbol.name === name ? text : `${text} // exported as ${name}`))
    .join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const write = process.argv.includes('--write')
  for (const [name, text] of describeApi(packageNames())) {
    if (write) writeFileSync(apiPath(name), text)
    else process.stdout.write(`# ${name}\n${text}\n`)
  }
}
