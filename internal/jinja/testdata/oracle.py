#!/usr/bin/python3
"""Evaluates oracle/cases.txt with the real Jinja2 and Ansible's plugins.

Prints the results as JSON, or with -w writes them to oracle/golden.json.
Needs Debian's python3-jinja2 and ansible-core. A case is a line; "⏎" stands for
a newline. A case that starts with "file:" is read as a template file, where
backslashes in strings are escapes; all others as text in a playbook.
"""
import json
import os
import sys

os.environ["ANSIBLE_LOCALHOST_WARNING"] = "False"
os.environ["ANSIBLE_DEPRECATION_WARNINGS"] = "False"
os.environ["TZ"] = "UTC"
sys.dont_write_bytecode = True

from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.template import Templar  # noqa: E402

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "oracle")


def cases():
    with open(os.path.join(HERE, "cases.txt"), encoding="utf-8") as f:
        for line in f.read().split("\n"):
            if line and not line.startswith("# "):
                yield line


def evaluate(case, variables):
    src = case.replace("⏎", "\n")
    is_file = src.startswith("file:")
    if is_file:
        src = src[len("file:"):]
    templar = Templar(loader=DataLoader(), variables=json.loads(variables))
    templar.environment.add_extension("jinja2.ext.do")
    templar.environment.add_extension("jinja2.ext.loopcontrols")
    try:
        out = templar.do_template(src, escape_backslashes=not is_file, convert_data=False)
    except Exception as e:  # what fails there must fail here
        return {"error": type(e).__name__}
    return {"out": out if isinstance(out, str) else str(out)}


def main():
    with open(os.path.join(HERE, "vars.json"), encoding="utf-8") as f:
        variables = f.read()
    golden = {case: evaluate(case, variables) for case in cases()}
    text = json.dumps(golden, indent=1, ensure_ascii=False) + "\n"
    if "-w" in sys.argv[1:]:
        with open(os.path.join(HERE, "golden.json"), "w", encoding="utf-8") as f:
            f.write(text)
    else:
        sys.stdout.write(text)


main()
