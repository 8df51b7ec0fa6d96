/** Runes everywhere; styles are extracted into files, which a strict content security policy asks for. */
export default { compilerOptions: { runes: true, css: "external" } };
