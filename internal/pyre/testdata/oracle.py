#!/usr/bin/python3
"""Writes golden.json: what Python's module re finds and replaces."""
import json
import os
import re
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
warnings.simplefilter("ignore")

pats=[r'a*',r'(a|ab)(c|bcd)(d*)',r'(?:x|y)+?z',r'\bfoo\b',r'^\s*$',r'(?m)^x$',r'(\w+)\s+\1',r'(?P<n>\d+)-(?P=n)',r'(?i)straße',r'[^a-c]+',r'[]a]',r'[a\-z]',r'\d{2,3}?',r'(a?)*b',r'(a*)*',r'(?:a*)+',r'x{,2}',r'x{a}',r'(?=a)\w+',r'(?<!b)a',r'(?<=ab|cd)x',r'(?>a+)ab',r'a++b',r'.+',r'(?s).+',r'\Aab\Z',r'\W+',r'\S+',r'[\w.]+@[\w.]+',r'(?x) a  b # c',r'a||b',r'()',r'(a)|b',r'((a)|(b))*',r'(?:(a)|b)*',r'\x41\u00e9',r'[\d\-x]+',r'(?i:A)b',r'a{2}{3}',r'*a',r'(',r')',r'[',r'\\',r'a{1',r'(?P<1>a)',r'\1',r'(a)\2',r'[z-a]',r'(?<=a*)b',r'\q',r'(?i)K',r'[\s\S]*?b',r'(\d+)(?:\.(\d+))?',r'\.conf$',r'$',r'^',r'\B',r'(?m)$',r'(<)?\w+(?(1)>)',r'(a)?b(?(1)c|d)',r'(?P<q>")?a(?(q)"|x)',r'(a)?(?(1)b|c|d)',r'(?(1)a|b)(c)?',r'(?(2)a)(b)',r'(?(x)a)',r'((a)?(?(2)b|c))+',r'(?(0)a)']
texts=['','a','ab','abcd','aaab','foo foobar foo','x\ny\nx\n','the the cat','12-12 3-4','STRASSE straße','12345','cdx abx','user@example.com b@c','é A\u00e9','1.25 3','a.conf\n','bbb','K \u212a','xx{a}x','AB aB']

rows = []
for p in pats:
    try:
        compiled = re.compile(p)
    except re.error:
        rows.append({"pattern": p})
        continue
    results = []
    for t in texts:
        found = [[m.group(i) for i in range(compiled.groups + 1)] for m in compiled.finditer(t)]
        results.append({"found": found, "replaced": compiled.sub("<\\g<0>>", t)})
    rows.append({"pattern": p, "results": results})
with open(os.path.join(HERE, "golden.json"), "w", encoding="utf-8") as f:
    json.dump({"texts": texts, "rows": rows}, f, ensure_ascii=False, indent=0)
    f.write("\n")
