"""The six programs with which the schema language was designed. Later releases of the generator
support more of them.
"""

import unittest

from support import ROOT, TestCase, generate

SAMPLES = ROOT / "tests" / "schemas"


class SamplesTest(TestCase):
    def test_datadivr_and_wschat_generate(self):
        for name in ("datadivr", "wschat"):
            result = generate([SAMPLES], name + ".proto")
            self.assertEqual([], result.findings, name)
            self.assertIn(name + ".client.hpp", result.files)

    def test_the_others_are_refused_only_for_what_is_not_built(self):
        for name in ("lobby", "ticker", "fleet", "editor"):
            errors = generate([SAMPLES], name + ".proto").errors
            self.assertTrue(errors, name)
            self.assertEqual([], [e for e in errors if not e.endswith("[NOT_BUILT]")], name)


if __name__ == "__main__":
    unittest.main()
