import json
import re
import tempfile
import unittest
from pathlib import Path

import yaml

import tools

README = (tools.ROOT / "README.md").read_text()
METRICS = set(re.findall(r"^\| `((?:understudy|process)_[a-z_]+)` \|", README, re.M))
ON = ["--values", tools.CHART / "ci" / "minimal-values.yaml", "--set", "monitoring.rules.enabled=true",
      "--set", "monitoring.dashboard.enabled=true"]
# What Grafana puts in by itself.
VARIABLES = {"$__rate_interval": "5m", "$__interval": "1m", "$__range": "6h"}


def rules(*arguments):
    return tools.one(tools.render(*ON, *arguments), "PrometheusRule")["spec"]["groups"]


def promtool_says(groups):
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "rules.yaml"
        file.write_text(yaml.safe_dump({"groups": groups}))
        status, out, why = tools.run(tools.promtool(), "check", "rules", file)
    return "" if status == 0 else out + why


def dashboards():
    for item in tools.render(*ON):
        if item["kind"] == "ConfigMap" and item["metadata"]["name"].endswith("-dashboard"):
            yield from ((name, json.loads(text)) for name, text in item["data"].items())


def panels_of(dashboard):
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def queries():
    for name, dashboard in dashboards():
        for panel in panels_of(dashboard):
            for target in panel.get("targets", []):
                yield f"{name}: {panel['title']}", target["expr"]


def without_variables(query):
    for name, value in VARIABLES.items():
        query = query.replace(name, value)
    return query


def metrics_in(query):
    names = re.findall(r"\b(?:understudy|process)_[a-z_]+", re.sub(r'"[^"]*"', "", query))
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}


class Rules(unittest.TestCase):
    def test_promtool_takes_them(self):
        self.assertEqual(promtool_says(rules()), "")

    def test_promtool_finds_a_mistake(self):
        self.assertNotEqual(promtool_says([{"name": "a", "rules": [{"alert": "b", "expr": "rate(c)"}]}]), "")

    def test_they_use_metrics_that_there_are(self):
        for group in rules():
            for rule in group["rules"]:
                with self.subTest(rule.get("alert") or rule.get("record")):
                    self.assertTrue(metrics_in(rule["expr"]))
                    self.assertLessEqual(metrics_in(rule["expr"]), METRICS)

    def test_each_alert_says_how_grave_it_is_and_what_it_means(self):
        for group in rules():
            for rule in group["rules"]:
                if "alert" in rule:
                    with self.subTest(rule["alert"]):
                        self.assertRegex(rule["alert"], "^Understudy[A-Z]")
                        self.assertIn(rule["labels"]["severity"], ("info", "warning", "critical"))
                        self.assertTrue(rule["annotations"]["summary"])
                        self.assertTrue(rule["annotations"]["description"])

    def test_a_rule_can_be_left_out(self):
        names = [rule["alert"] for group in rules() for rule in group["rules"] if "alert" in rule]
        left = rules("--set", f"monitoring.rules.excludeRules={{{names[0]}}}")
        self.assertEqual([rule["alert"] for group in left for rule in group["rules"] if "alert" in rule], names[1:])

    def test_labels_and_runbooks_are_added(self):
        alert = next(rule for group in rules("--set", "monitoring.rules.additionalLabels.team=shop",
                                             "--set", "monitoring.rules.runbookUrlBase=https://a/b/")
                     for rule in group["rules"] if "alert" in rule)
        self.assertEqual(alert["labels"]["team"], "shop")
        self.assertIn(alert["labels"]["severity"], ("info", "warning", "critical"))
        self.assertEqual(alert["annotations"]["runbook_url"], f"https://a/b/{alert['alert']}.md")


class Dashboards(unittest.TestCase):
    def test_there_is_one_with_queries(self):
        self.assertTrue(list(queries()))

    def test_the_panels_of_each_have_numbers_of_their_own(self):
        for name, dashboard in dashboards():
            with self.subTest(name):
                numbers = [panel["id"] for panel in panels_of(dashboard)]
                self.assertEqual(len(numbers), len(set(numbers)))
                self.assertTrue(dashboard["uid"] and dashboard["title"])

    def test_each_panel_asks_the_data_source_that_was_chosen(self):
        for name, dashboard in dashboards():
            variables = {variable["name"] for variable in dashboard["templating"]["list"]}
            self.assertIn("datasource", variables)
            for panel in panels_of(dashboard):
                if panel.get("targets"):
                    with self.subTest(f"{name}: {panel['title']}"):
                        self.assertEqual(panel["datasource"]["uid"], "${datasource}")

    def test_prometheus_can_parse_each_query(self):
        recorded = [{"record": f"query:{number}", "expr": without_variables(query)} for number, (_, query) in enumerate(queries())]
        self.assertEqual(promtool_says([{"name": "queries", "rules": recorded}]), "")

    def test_each_query_asks_for_a_metric_that_there_is(self):
        for where, query in queries():
            with self.subTest(where):
                self.assertTrue(metrics_in(query))
                self.assertLessEqual(metrics_in(query), METRICS)
