import re
import shlex
import shutil
import tempfile
import unittest
from pathlib import Path

import tools

README = (tools.CHART / "README.md").read_text()


def blocks(language):
    return [text for name, text in re.findall(r"^```(\w*)\n(.*?)^```$", README, re.M | re.S) if name == language]


def helm_commands():
    """Each command that takes the chart, as words."""
    for block in blocks(""):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("helm ") and "helm/understudy" in line:
                yield shlex.split(re.sub(r">\S+", "", line), comments=True)


class Readme(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.root = Path(made.name)
        shutil.copytree(tools.ROOT / "helm", self.root / "helm", ignore=shutil.ignore_patterns("charts"))
        (self.root / "my.yaml").write_text(blocks("yaml")[0])
        (self.root / "tables.json").write_text("{}\n")  # what `understudy describe` would have written

    def test_each_command_with_the_chart_renders(self):
        commands = list(helm_commands())
        self.assertGreaterEqual(len(commands), 5)
        for words in commands:
            with self.subTest(" ".join(words)):
                rest = [word for word in words[1:] if word not in ("upgrade", "template", "--install")]
                status, _, why = tools.run(tools.tool("helm"), "template", *rest, directory=self.root)
                self.assertEqual((status, why), (0, ""))

    def rendered_with(self, key):
        """The chart with the usual values, and those of the page that have this key."""
        (self.root / "more.yaml").write_text(next(block for block in blocks("yaml") if key in block))
        status, out, why = tools.run(tools.tool("helm"), "template", "u", "helm/understudy", "--values", "my.yaml", "--values",
                                     "more.yaml", directory=self.root)
        self.assertEqual((status, why), (0, ""))
        return out

    def test_the_values_for_a_token_and_tls_render(self):
        self.assertIn("scheme: HTTPS", self.rendered_with("token_file"))

    def test_the_values_for_an_authority_render(self):
        self.assertIn("PGSSLROOTCERT", self.rendered_with("rootCertificateKey"))

    def test_the_example_application_is_tried_as_it_says(self):
        for words in (["dependency", "update", "helm/example-app"], ["template", "shop", "helm/example-app"]):
            self.assertIn("helm " + " ".join(words), README)
            status, _, why = tools.run(tools.tool("helm"), *words, directory=self.root)
            self.assertEqual(status, 0, why)

    def test_the_templates_that_it_names_are_those_of_the_example(self):
        named = set(re.findall(r'include "(understudy\.\w+)"', README))
        example = (tools.ROOT / "helm" / "example-app" / "templates" / "deployment.yaml").read_text()
        self.assertEqual(named, set(re.findall(r'include "(understudy\.\w+)"', example)))

    def test_its_links_lead_somewhere(self):
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", README):
            with self.subTest(target):
                self.assertTrue((tools.CHART / target).exists())
        headings = {re.sub(r"[^a-z -]", "", line.lower()).replace(" ", "-") for line in re.findall(r"^## (.*)$", README, re.M)}
        for anchor in re.findall(r"\]\(#([^)]*)\)", README):
            with self.subTest(anchor):
                self.assertIn(anchor, headings)
