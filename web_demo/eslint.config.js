import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "node_modules/",
      "out/",
      "build.mjs",
      "benchmark.mjs",
      "chromium.mjs",
      "picture.mjs",
      "eslint.config.js",
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          allowForKnownSafeCalls: [
            { from: "package", package: "node:test", name: ["default", "test"] },
          ],
        },
      ],
      eqeqeq: "error",
      curly: ["error", "multi-line"],
      "max-len": ["error", { code: 100, ignoreStrings: true, ignoreUrls: true }],
      "prefer-const": "error",
    },
  },
);
