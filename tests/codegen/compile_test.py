"""What a C++ compiler says to generated code. CXX names the compiler; by hand: CXX=g++ python3 tests/codegen/compile_test.py"""

import unittest
from unittest import mock

from support import TestCase, generate, syntax_errors
from protoc_gen_parley import emit

LINE = 'syntax = "proto3";\npackage t.v1;\nmessage Line { string text = 1; }\n'


class VersionTest(TestCase):
    def compiled(self, version):
        folder = self.scratch()
        self.write(folder, "t/v1/t.proto", LINE)
        with mock.patch.object(emit, "__version__", version):
            made = generate([folder], "t/v1/t.proto")
        self.assertEqual([], made.errors)
        for name, text in made.files.items():
            self.write(folder, name, text)
        return syntax_errors(folder, '#include "t/v1/t.codec.hpp"\n')

    def test_generated_code_fits_the_runtime_of_its_version(self):
        self.assertEqual([], self.compiled(emit.__version__))
        self.assertEqual([], self.compiled(emit.__version__.rpartition(".")[0] + ".77"), "a patch release changes nothing here")

    def test_generated_code_of_another_version_says_what_to_do(self):
        for version, needed in (("0.77.3", "0.77"), ("77.1.0", "77.1")):
            errors = self.compiled(version)
            self.assertEqual(1, len(errors), errors)
            self.assertIn("static assertion failed", errors[0])
            self.assertIn("t/v1/t.proto was generated for Parley %s, but parley/version.hpp is of another version: generate it again with the "
                          "protoc-gen-parley of that version, or install Parley %s" % (needed, needed), errors[0])


if __name__ == "__main__":
    unittest.main()
