#!/usr/bin/python3
"""Evaluates templates and expressions with the real Jinja2 and Ansible.

Reads {"vars", "lazy", "cases"} as JSON from stdin, and writes one verdict a case
as a JSON list: "=" and the text or the value's repr(), "?" where something is
undefined, "!" and the name of the error otherwise. A case has a "kind": an
expression "expr", "text" as in a playbook, a "native" one where jinja2_native is
set, or a template "file"; its "src"; the
"files" that it can include; and "lazy" where it sees the variables of that name too. All of it is one process. Needs Debian's
python3-jinja2 and ansible-core; oracle_test.go says which cases need more.
"""
import datetime
import json
import os
import resource
import signal
import sys
import types

os.environ["ANSIBLE_LOCALHOST_WARNING"] = "False"
os.environ["ANSIBLE_DEPRECATION_WARNINGS"] = "False"
os.environ["ANSIBLE_DEVEL_WARNING"] = "False"
os.environ["TZ"] = "UTC"
if os.environ.get("PYTHONHASHSEED") != "0":
    os.environ["PYTHONHASHSEED"] = "0"  # the order of sets
    os.execv(sys.executable, [sys.executable] + sys.argv)
sys.dont_write_bytecode = True

from ansible.errors import AnsibleUndefinedVariable  # noqa: E402
from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.template import AnsibleUndefined, Templar  # noqa: E402
from ansible.template.vars import AnsibleJ2Vars  # noqa: E402
from jinja2 import DictLoader, UndefinedError  # noqa: E402
from jinja2.runtime import Undefined  # noqa: E402

VIEWS = (type({}.keys()), type({}.values()), type({}.items()), range, map, filter, zip, types.GeneratorType)


def plain(value):
    """The value with types that repr() shows alike: views and iterators are
    lists, subclasses are what they derive from."""
    if type(value) is Undefined:  # of an inline if without else: prints as nothing
        return ""
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()
    if isinstance(value, VIEWS) or type(value).__name__.endswith("iterator"):
        return [plain(v) for v in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(v) for v in value), key=repr)
    if isinstance(value, dict):
        return {plain(k): plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, tuple):
        return tuple(plain(v) for v in value)
    if isinstance(value, bool) or value is None:
        return value
    for base in (str, bytes, int, float):
        if isinstance(value, base):
            return base(value)
    if isinstance(value, (datetime.datetime, datetime.timedelta)):
        return value
    raise TypeError("a value without a repr(): %s" % type(value))


def expression(templar, src):
    compiled = templar.environment.compile_expression(src, undefined_to_none=False)._template
    context = compiled.new_context(AnsibleJ2Vars(templar, compiled.globals), shared=True)
    templar.cur_context = context
    for _ in compiled.root_render_func(context):
        pass
    return repr(plain(context.vars["result"]))


def evaluate(templar, case):
    src = case["src"]
    try:
        if case["kind"] == "expr":
            return "=" + expression(templar, src)
        if case["kind"] == "native":  # of a process with the setting jinja2_native
            return "=" + repr(plain(templar.do_template(src)))
        templar.environment.loader = DictLoader(case.get("files") or {})
        out = templar.do_template(src, escape_backslashes=case["kind"] == "text", convert_data=False)
        return "=" + (out if isinstance(out, str) else str(out))
    except (AnsibleUndefinedVariable, UndefinedError):
        return "?"
    except Exception as e:  # what fails there must fail here
        return "!" + type(e).__name__


def too_long(*_):
    raise TimeoutError


def main():
    job = json.load(sys.stdin)
    variables, lazy = json.dumps(job["vars"]), json.dumps(job["lazy"])
    templar = Templar(loader=DataLoader(), variables={})
    templar.environment.add_extension("jinja2.ext.do")
    templar.environment.add_extension("jinja2.ext.loopcontrols")
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    signal.signal(signal.SIGALRM, too_long)
    verdicts = []
    for case in job["cases"]:
        templar.available_variables = json.loads(variables)
        if case.get("lazy"):
            templar.available_variables.update(json.loads(lazy))
        signal.alarm(5)
        verdicts.append(evaluate(templar, case))
        signal.alarm(0)
    json.dump(verdicts, sys.stdout, ensure_ascii=False)


main()
